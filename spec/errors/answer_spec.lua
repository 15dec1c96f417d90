local core = require "partnercenter.core"
local fault = require "partnercenter.errors.answer"

local function read(body) return fault.read(body, core.decode) end

describe("partnercenter.fault", function()
  describe("read", function()
    for _, c in ipairs {
      { "nil", nil, { shape = "none" } },
      { "nothing", "", { shape = "none" } },
      { "a page", "<html>", { shape = "none" } },
      { "a string", '"code"', { shape = "none" } },
      { "an object of other things", '{"a":1}', { shape = "none" } },
      { "cut JSON", '{"code":1', { shape = "none" } },
      { "a fault", '{"code":1,"description":"d","data":["x"],"source":"s"}',
        { shape = "fault", code = 1, description = "d", data = { "x" }, source = "s" } },
      { "a fault with a numeral", '{"code":" 2000 "}', { shape = "fault", code = 2000 } },
      { "a fault with a word", '{"code":"Bad","description":"d"}',
        { shape = "fault", error = "Bad", description = "d" } },
      { "a fault without a code", '{"description":"d"}', { shape = "fault", description = "d" } },
      { "a code with a message", '{"code":1,"message":"m"}',
        { shape = "fault", code = 1, description = "m" } },
      { "keys in two spellings", '{"Code":1,"code":2}', { shape = "fault", code = 2 } },
      { "a word alone for a code", '{"code":"x"}', { shape = "none" } },
      { "a throttle", '{"statusCode":429,"message":"m"}',
        { shape = "gateway", description = "m", status = 429 } },
      { "a throttle without words", '{"statusCode":429}', { shape = "gateway", status = 429 } },
      { "the token endpoint", '{"error":"e"}', { shape = "token", error = "e" } },
      { "the token endpoint before a fault", '{"error":"e","code":1,"statusCode":2}',
        { shape = "token", error = "e" } },
      { "ids inside the description",
        '{"error":"e","error_description":"AADSTS1: x\\r\\nTrace ID: a-1\\r\\n'
          .. 'Correlation ID: b-2"}',
        { shape = "token", error = "e", error_codes = { 1 }, request_id = "a-1",
          correlation_id = "b-2",
          description = "AADSTS1: x\r\nTrace ID: a-1\r\nCorrelation ID: b-2" } },
      { "numbers of other types", '{"error":"e","error_codes":["70008",null,{},65001]}',
        { shape = "token", error = "e", error_codes = { 70008, 65001 } } },
      { "an empty error", '{"error":""}', { shape = "none" } },
      { "the partner API", '{"error":{"code":"c","message":"m","target":"t"}}',
        { shape = "api", error = "c", description = "m", source = "t" } },
      { "the partner API with a number", '{"error":{"Code":7}}', { shape = "api", code = 7 } },
    } do
      it("reads " .. c[1], function()
        assert.same(c[3], read(c[2]))
      end)
    end
  end)

  describe("readable", function()
    for _, c in ipairs {
      { "plain words", "Not found.", "Not found." },
      { "entities", "We&#39;re &amp; you", "We're & you" },
      { "the reason in JSON", '{"code":"1","reason":"It&#39;s"}', "It's" },
      { "the message in JSON", '{"Message":"m"}', "m" },
      { "the reason before the message", '{"message":"m","reason":"r"}', "r" },
      { "JSON without words", '{"code":1}', '{"code":1}' },
      { "what only looks like JSON", "{tenant} is unknown", "{tenant} is unknown" },
      { "the first line of a token error", "AADSTS1: x. y\r\nTrace ID: z", "AADSTS1: x. y" },
      { "all lines of another", "a\nb", "a b" },
      { "a long text", ("x"):rep(50), ("x"):rep(37) .. "..." },
    } do
      it("takes " .. c[1], function()
        assert.equal(c[3], fault.readable(c[2], core.decode, 40))
      end)
    end
  end)
end)
