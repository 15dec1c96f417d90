local hints = require "partnercenter.errors.advice"

-- Fit for the end of a message: one short line, not a sentence of its own.
local function check_hint(text)
  assert.equal("string", type(text))
  assert.is_true(#text >= 10 and #text <= 160, text)
  assert.is_nil(text:find("[%c]"), text)
  assert.is_nil(text:find("%.$"), text)
  assert.is_nil(text:find("^%u%l"), text)
end

describe("partnercenter.hints", function()
  it("has a short hint for every fault, by status and code", function()
    local kinds = { sign_in = true, not_found = true }
    for status, codes in pairs(hints.faults) do
      assert.is_true(status >= 200 and status < 600)
      for code, row in pairs(codes) do
        assert.equal("number", type(code))
        if not row.hint:find("^Microsoft Entra") then check_hint(row.hint) end
        assert.is_true(row.kind == nil or kinds[row.kind])
        for name in pairs(row) do
          assert.is_truthy(({ hint = true, kind = true, final = true, role = true })[name])
        end
      end
    end
  end)

  for _, name in ipairs { "status", "entra" } do
    it("has a short hint for every number in " .. name, function()
      for number, text in pairs(hints[name]) do
        assert.equal("number", type(number))
        check_hint(text)
      end
    end)
  end

  it("has a short hint for every error of the token endpoint", function()
    for name, text in pairs(hints.oauth) do
      assert.is_truthy(name:find("^[a-z_]+$"))
      check_hint(text)
    end
  end)
end)
