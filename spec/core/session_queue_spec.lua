-- Transfers that wait for a connection, where there may be no more of them: which time
-- passes for them meanwhile, and that none waits for what nobody has any more.
local core = require "partnercenter.core"
local sandbox = require "spec.support.sandbox"

local PATIENCE = require "spec.support.patience"(10)
local BIG = "/partner/v1/analytics/commercial/deployment/license?top=10000"

describe("partnercenter.core", function()
  describe("a session whose connections are all in use", function()
    local box, session

    setup(function() box = sandbox.start { customers = 600, products = 20, gzip = false } end)
    teardown(function() box:stop() end)
    before_each(function()
      session = core.session {
        ca_file = box.ca_file, window = 65536, http1 = true, max_connections = 2,
      }
    end)
    after_each(function() session:close() end)

    local function send(request)
      request.url = box.base_url .. BIG
      request.headers = { { "Authorization", "Bearer " .. box.token } }
      return assert(session:send(request))
    end

    local function step()
      session:step(0.05)
      while session:ready() do end -- luacheck: ignore
    end

    -- Transfers that have both connections and whose readers do not go on.
    local function take_all()
      local list = {}
      for i = 1, 2 do
        list[i] = send { streamed = true }
        while not list[i]:next() do step() end
      end
      return list
    end

    -- The number of its rows, or nil and what it failed of; `due` is called when so many
    -- seconds have passed.
    local function read(transfer, seconds, due)
      local rows, begun = 0, core.now()
      while true do
        local ok, row, more = transfer:next()
        if ok then
          rows = rows + 1
        elseif ok == nil then
          if row then return nil, more end
          return rows
        elseif not row then
          step()
        end
        local passed = core.now() - begun
        assert.is_true(passed < 20 * PATIENCE, "it waits for ever")
        if due and passed > seconds then due, seconds = due(), nil end
      end
    end

    it("has the others wait longer than they may take to connect", function()
      local list = take_all()
      local rows, kind = read(send { connect_timeout = 1 }, 2.5, function()
        for i = 1, 2 do list[i]:close() end
      end)
      assert.is_nil(kind)
      assert.equal(10000, rows)
    end)

    for _, streamed in ipairs { false, true } do
      it("has them wait no longer than all of their time: "
        .. (streamed and "streamed" or "whole"), function()
        local list, closed = take_all(), false
        local rows, kind = read(send { timeout = 1, streamed = streamed }, 8 * PATIENCE, function()
          closed = true
          for i = 1, 2 do list[i]:close() end
        end)
        assert.is_nil(rows)
        assert.equal("timeout", kind)
        assert.is_false(closed)
      end)
    end

    it("has those collected that nobody has any more", function()
      take_all()
      collectgarbage "stop"
      local rows, kind = read(send { timeout = 15 * PATIENCE })
      collectgarbage "restart"
      assert.is_nil(kind)
      assert.equal(10000, rows)
    end)
  end)
end)
