-- A server that repeats secrets, in whatever place and spelling: none is in what
-- leaves the library, neither by a verb nor by an event.
local base64 = require "partnercenter.util.base64"
local errors = require "partnercenter.errors"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"
local signing = require "spec.support.signing"

local TOKEN = "t0ken-of+the/spec=~abcdefghijklmnopqrstuvwxyz"

local function each_byte(format)
  return (TOKEN:gsub(".", function(c) return format:format(c:byte()) end))
end

-- From: who spells it so.
local SPELLINGS = {
  ["as it is"] = TOKEN,
  ["as .NET escapes JSON"] = TOKEN:gsub("[+=/~]", { ["+"] = "\\u002B", ["="] = "\\u003d",
    ["/"] = "\\/" }),
  ["with all of it escaped"] = each_byte "\\u%04x",
  ["in HTML"] = TOKEN:gsub("[+=]", { ["+"] = "&#x2B;", ["="] = "&equals;" }),
  ["in a URL"] = TOKEN:gsub("[+=/]", { ["+"] = "%2B", ["="] = "%3d", ["/"] = "%2F" }),
  ["in a URL, twice"] = TOKEN:gsub("[+=/]", { ["+"] = "%252B", ["="] = "%253d", ["/"] = "%252F" }),
  ["in base64"] = base64.encode("Bearer " .. TOKEN) .. "=",
}

-- Faults of the sandbox, with $ where the secret goes.
local ANSWERS = {
  ["a fault at 200"] = { status = 200,
    body = '{"code":2000,"description":"bad token $","source":"gw $"}' },
  ["a fault at 200 with details"] = { status = 200,
    body = '{"code":2000,"description":"no","data":["$",{"$":{"a":"$"}}],"source":"gw"}' },
  ["a long fault at 200"] = { status = 200,
    body = '{"code":2000,"description":"' .. ("x"):rep(270) .. '$","source":"gw"}' },
  ["a fault"] = { status = 400, body = '{"code":2000,"description":"$","data":["$"]}' },
  ["JSON in a fault"] = { status = 400,
    body = '{"code":2000,"description":"{\\"reason\\":\\"no $\\"}"}' },
  ["a page"] = { status = 403, body = "<html><b>$</b><!-- $ --></html>",
    headers = { ["Content-Type"] = "text/html" } },
  ["a problem"] = { status = 400, body = '{"title":"$","detail":"$","instance":"/x?t=$"}',
    headers = { ["Content-Type"] = "application/problem+json" } },
  ["a challenge"] = { status = 401, body = "",
    headers = { ["WWW-Authenticate"] = 'Bearer error="x", error_description="no $"' } },
  ["the ids of a refusal"] = { status = 400, body = "{}", headers = { ["MS-CV"] = "$",
    ["MS-RequestId"] = "$", ["MS-CorrelationId"] = "$", ["MS-ServerId"] = "$" } },
  ["the ids of a broken answer"] = { status = 200, body = '{"items":[{"id":1}', headers = {
    ["MS-CV"] = "$", ["MS-RequestId"] = "$", ["MS-CorrelationId"] = "$", ["MS-ServerId"] = "$" } },
  ["the ids of a good answer"] = { status = 200, body = '{"totalCount":0,"items":[]}',
    headers = { ["MS-CV"] = "$", ["MS-RequestId"] = "$", ["MS-CorrelationId"] = "$",
      ["MS-ServerId"] = "$" } },
  ["a link elsewhere"] = { status = 200, body = '{"totalCount":1,"items":[{"id":1}],"links":'
    .. '{"next":{"uri":"https://evil.invalid/?t=$"}}}' },
  ["a link that is none"] = { status = 200, body = '{"totalCount":1,"items":[{"id":1}],"links":'
    .. '{"next":{"uri":"$"}}}' },
  ["a redirect"] = { status = 302, body = "$", headers = { Location = "/x?t=$" } },
  ["a type"] = { status = 200, body = "x", headers = { ["Content-Type"] = "text/x-$" } },
}

-- A text that goes into JSON, and maybe a header, as it is.
local function fill(value, text)
  if type(value) == "table" then
    local copy = {}
    for name, member in pairs(value) do copy[name] = fill(member, text) end
    return copy
  end
  if type(value) ~= "string" then return value end
  return (value:gsub("%$", (text:gsub("%%", "%%%%"))))
end

local VERBS = {
  get = function(resource) return { resource:get() } end,
  all = function(resource) return { resource:all() } end,
  each = function(resource)
    return { pcall(function() for _ in resource:each() do end end) }
  end,
  pages = function(resource)
    local seen = {}
    seen[1], seen[2] = pcall(function()
      for _, facts in resource:pages() do seen[#seen + 1] = facts end
    end)
    return seen
  end,
}

describe("a server that repeats secrets", function()
  local box, client, events

  setup(function() box = sandbox.start { customers = 2, products = 1 } end)
  teardown(function() box:stop() end)
  before_each(function()
    events = {}
    client = assert(partnercenter.new {
      credentials = partnercenter.credentials.token(TOKEN), base_url = box.base_url,
      authority = box.authority, ca_file = box.ca_file, retries = 0,
      on_event = function(event) events[#events + 1] = event end,
    })
  end)
  after_each(function() client:close() end)

  for what, answer in pairs(ANSWERS) do
    it("in " .. what .. " has it masked", function()
      for how, spelling in pairs(SPELLINGS) do
        local fault = fill(answer, spelling)
        fault.match, fault.times = "/v1/customers", 99
        box:control { clear_faults = true, faults = { fault } }
        for verb, ask in pairs(VERBS) do
          local got = ask(client.customers)
          -- Of a row the text is data, and stays.
          if verb == "all" and got[1] or verb == "get" and got[1] then got[1] = nil end
          local err = got[2]
          local text = signing.dump { client, got, events, tostring(err) }
          for _, form in ipairs { TOKEN, spelling, TOKEN:sub(1, 20) } do
            assert.is_nil(text:find(form, 1, true), ("%s, %s: %s"):format(verb, how, text))
          end
          if what:find("good") == nil then
            assert.is_true(#events > 0 and (errors.is(err) or verb == "get"), verb)
          end
        end
      end
    end)
  end
end)
