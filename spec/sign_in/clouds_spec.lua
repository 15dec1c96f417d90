local clouds = require "partnercenter.sign_in.clouds"

describe("partnercenter.clouds", function()
  for _, c in ipairs {
    { "global", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.com" },
    { "china", "https://partner.partnercenterapi.microsoftonline.cn",
      "https://login.chinacloudapi.cn" },
    { "us_government", "https://api.partnercenter.microsoft.com",
      "https://login.microsoftonline.us" },
    { "germany", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.de" },
  } do
    it("knows the addresses of " .. c[1], function()
      assert.same({
        base_url = c[2],
        authority = c[3],
        resource = c[2],
        scope = c[2] .. "/user_impersonation",
      }, clouds.get(c[1]))
    end)
  end

  it("is the global cloud when no name is given", function()
    assert.same(clouds.get("global"), clouds.get())
  end)

  it("hands out tables that belong to the caller", function()
    clouds.get("global").base_url = "https://elsewhere.example"
    assert.equal("https://api.partnercenter.microsoft.com", clouds.get("global").base_url)
  end)

  it("raises on an unknown name and names the nearest", function()
    local ok, message = pcall(clouds.get, "chine")
    assert.is_false(ok)
    assert.matches("'chine'", message, 1, true)
    assert.matches("'china'", message, 1, true)
  end)

  it("lists its names in order", function()
    assert.same({ "china", "germany", "global", "us_government" }, clouds.names())
  end)
end)
