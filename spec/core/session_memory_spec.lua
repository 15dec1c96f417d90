-- Memory that ends while an answer is read: that is said without any.
local core = require "partnercenter.core"
local library = require "spec.support.library"
local sandbox = require "spec.support.sandbox"

local PATIENCE = require "spec.support.patience"(10)
local HUGE = "/partner/v1/analytics/commercial/deployment/license?top=10000"

describe("partnercenter.core", function()
  local box, session

  setup(function() box = sandbox.start { customers = 600, products = 20 } end)
  teardown(function() box:stop() end)
  before_each(function() session = core.session { ca_file = box.ca_file } end)
  after_each(function() session:close() end)

  local function send()
    local transfer = assert(session:send {
      url = box.base_url .. HUGE, headers = { { "Authorization", "Bearer " .. box.token } },
    })
    local deadline = core.now() + 10 * PATIENCE
    repeat
      assert.is_true(core.now() < deadline, "no answer")
      session:step(0.1)
      while session:ready() do end -- luacheck: ignore
    until transfer:done()
    return transfer
  end

  if type(rawget(_G, "jit")) == "table" then
    pending("LuaJIT has memory of its own that it asks nobody for")
  else
    it("says so by what it has made before", function()
      local watch = library("spec/chaos/watch.c", "luaopen_chaos_watch")
      local transfer, protect = send(), pcall
      local value, failure = transfer.value, transfer.failure
      -- With room for what is told.
      local read, told, again = { 0 }, { 0, 0, 0, 0, 0 }, { 0, 0, 0 }
      local function starved()
        read[1] = protect(value, transfer)
        told[1], told[2], told[3], told[4], told[5] = protect(failure, transfer)
        again[1], again[2], again[3] = protect(value, transfer)
      end
      collectgarbage()
      watch.starve(10)
      local fine = protect(starved)
      local refused = watch.feed()
      local message = "the body is being read by another call, or an error has ended that"
      assert.is_true(fine and refused > 0)
      assert.same({ false }, read)
      assert.same({ true, "config", message, "", false }, told)
      assert.same({ true, nil, message }, again)
    end)
  end
end)
