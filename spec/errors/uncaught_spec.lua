-- What a program shows of an error that nobody catches: in every Lua, and in nginx.
local errors = require "partnercenter.errors"
local partnercenter = require "partnercenter"
local process = require "spec.support.process"

local LINE = "sign_in: nobody is signed in"

describe("partnercenter.run", function()
  it("gives what the function gives", function()
    local list = { partnercenter.run(function(...) return select("#", ...), ... end, 1, nil, 3) }
    assert.same({ 3, 1, nil, 3 }, list)
  end)

  it("raises an error object as its line", function()
    local ok, err = pcall(partnercenter.run, function()
      error(errors.new { kind = "sign_in", message = "nobody is signed in" })
    end)
    assert.is_false(ok)
    assert.equal(LINE, err)
  end)

  it("raises anything else as it is", function()
    local thing = {}
    for _, what in ipairs { "text", thing } do
      local ok, err = pcall(partnercenter.run, function() error(what, 0) end)
      assert.is_false(ok)
      assert.equal(what, err)
    end
  end)

  it("may be waited in", function()
    local thread = coroutine.wrap(function()
      return partnercenter.run(function() return coroutine.yield(1) end)
    end)
    assert.equal(1, thread())
    assert.equal(2, thread(2))
  end)

  it("has the line shown by a program that ends with it", function()
    local status, output = process.run_lua [[
      local partnercenter = require "partnercenter"
      partnercenter.run(function()
        local partner = partnercenter.new {
          credentials = partnercenter.credentials.token(function() return nil, "no token" end),
        }
        for _ in partner.customers:each() do end
      end)]]
    assert.equal(1, status)
    assert.truthy(output:find("sign_in: the function token failed: no token", 1, true), output)
  end)
end)

describe("an error that nobody catches", function()
  local CODE = [[local errors = require "partnercenter.errors"
    local function fail()
      error(errors.new { kind = "sign_in", message = "nobody is signed in" })
    end ]]

  it("is shown by its line but in PUC Lua 5.1", function()
    local status, output = process.run_lua(CODE .. "fail()")
    assert.equal(1, status)
    local shown = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
    assert.truthy(output:find(shown and LINE or "error object is not a string", 1, true), output)
  end)
end)
