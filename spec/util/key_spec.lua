local key = require("partnercenter.util").key

describe("partnercenter.util.key", function()
  it("is one text without spaces and control characters", function()
    assert.equal("quota|https%3A%2F%2Fa|(client_secret,contoso.com)",
      key("quota", "https://a", { "client_secret", "contoso.com" }))
    assert.is_nil(key("a b\n", { "\0\9" }):find("[%s%c%z]"))
  end)

  it("differs wherever the parts do", function()
    local seen = {}
    for i, parts in ipairs {
      { "a", "b" }, { "a|b" }, { "a", "b", "" }, { "", "a", "b" }, { { "a", "b" } },
      { { "a" }, "b" }, { { "a,b" } }, { "(a,b)" },
      { { { "a" }, "b" } }, { {}, "a", "b" }, { "a%7Cb" }, { "a:b" },
    } do
      local made = key((unpack or table.unpack)(parts)) -- luacheck: ignore 143
      assert.is_nil(seen[made], ("%d and %s: %s"):format(i, tostring(seen[made]), made))
      seen[made] = i
    end
  end)
end)
