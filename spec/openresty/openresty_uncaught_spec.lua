-- What nginx logs of an error object that nobody catches.
local nginx = require "spec.support.nginx"

if not io.open("build/5.1/partnercenter.so") then
  describe("an error that nobody catches", function() pending("needs the build for 5.1") end)
  return
end

local LINE = "sign_in: nobody is signed in"
local CODE = [[local errors = require "partnercenter.errors"
  local function fail()
    error(errors.new { kind = "sign_in", message = "nobody is signed in" })
  end ]]

describe("an error that nobody catches", function()
  it("is logged by nginx where partnercenter.run calls the handler", function()
    local server = nginx.start { locations = {
      ["= /bare"] = CODE .. "fail()",
      ["= /run"] = CODE .. [[require("partnercenter").run(fail)]],
    } }
    assert.equal(500, (select(2, server:get("/bare"))))
    assert.equal(500, (select(2, server:get("/run"))))
    local log = server:log()
    server:stop()
    assert.truthy(log:find("unknown reason", 1, true), log)
    assert.truthy(log:find("runtime error: " .. LINE, 1, true), log)
  end)
end)
