-- What a finalizer or an __index may do to a session and its transfers while
-- they are used, and what the collector is told of bodies that nobody reads.
local core = require "partnercenter.core"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local PATIENCE = require "spec.support.patience"(10)
local BIG = "/partner/v1/analytics/commercial/deployment/license?top="

describe("partnercenter.core", function()
  local box, session

  setup(function() box = sandbox.start { customers = 600, products = 20, gzip = false } end)
  teardown(function() box:stop() end)
  before_each(function() session = core.session { ca_file = box.ca_file, slice = 65536 } end)
  after_each(function() session:close() end)

  local function request(rows)
    return { url = box.base_url .. BIG .. rows, streamed = true,
      headers = { { "Authorization", "Bearer " .. box.token } } }
  end

  local function step(seconds)
    session:step(seconds)
    while session:ready() do end -- luacheck: ignore
  end

  -- A program of its own, whose collector has little to go through.
  local function run(reader, meddler)
    local pipe = io.popen(("%s spec/support/finalizers.lua '%s' '%s' '%s' %s %s 2>&1"):format(
      process.interpreter(), box.base_url .. BIG .. "2000", box.ca_file, box.token, reader,
      meddler))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  for _, reader in ipairs { "next", "value", "body", "facts", "send" } do
    for _, meddler in ipairs { "close", "session", "cancel" } do
      it(("survives a finalizer that does '%s' during '%s'"):format(meddler, reader), function()
        assert.equal("fine\n", run(reader, meddler))
      end)
    end
  end

  for _, reader in ipairs { "next", "value", "body" } do
    for _, meddler in ipairs { "next", "value", "body", "failure" } do
      it(("loses nothing to a finalizer that does '%s' during '%s'"):format(meddler, reader),
        function() assert.equal("fine\n", run(reader, meddler)) end)
    end
  end

  for _, field in ipairs { "url", "headers", "body", "max_body", "streamed" } do
    it("refuses to send what closes the session when it is asked for its " .. field, function()
      local good = request(1)
      good[field] = nil
      local tricky = setmetatable(good, { __index = function(_, name)
        if name == field then session:close() end
      end })
      local ok, why = pcall(session.send, session, tricky)
      assert.is_false(ok)
      assert.truthy(why:find("session is closed", 1, true), why)
    end)
  end

  it("keeps its finalizers to the collector", function()
    local transfer = assert(session:send(request(1)))
    assert.equal("partnercenter.transfer", getmetatable(transfer))
    assert.equal("partnercenter.session", getmetatable(session))
  end)

  it("has the collector run when bodies that nobody reads grow", function()
    collectgarbage()
    -- Values: as a key, one that has been closed would be there until the next time.
    local alive, most = setmetatable({}, { __mode = "v" }), 0
    for i = 1, 40 do
      local transfer = assert(session:send(request(10000)))
      alive[i] = transfer
      local deadline = core.now() + 20 * PATIENCE
      while not transfer:done() do
        assert.is_true(core.now() < deadline, "no answer")
        step(1)
      end
      local n = 0
      for _ in pairs(alive) do n = n + 1 end
      most = math.max(most, n)
    end
    -- 3 MB each; what is held may double, and grow by 16 MiB at least.
    assert.is_true(most > 2 and most <= 8, most .. " at once")
  end)
end)
