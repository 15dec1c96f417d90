local clouds = require "partnercenter.sign_in.clouds"

describe("partnercenter.clouds", function()
  for _, c in ipairs {
    { "global", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.com" },
    { "china", "https://partner.partnercenterapi.microsoftonline.cn",
      "https://login.chinacloudapi.cn" },
    { "us_government", "https://api.partnercenter.microsoft.com",
      "https://login.microsoftonline.us" },
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

  it("says that Germany's cloud is gone, and what to do", function()
    local partnercenter = require "partnercenter"
    for _, get in ipairs {
      function() clouds.get "germany" end,
      function()
        partnercenter.new { credentials = partnercenter.credentials.token "t", cloud = "germany" }
      end,
      function()
        partnercenter.credentials.authorize_url { tenant = "a.de", redirect_uri = "https://x",
          client_id = "1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73", state = "s", cloud = "germany" }
      end,
    } do
      local ok, message = pcall(get)
      assert.is_false(ok)
      assert.matches("closed in 2021", message, 1, true)
      assert.matches("leave the option cloud out", message, 1, true)
    end
  end)

  it("lists its names in order", function()
    assert.same({ "china", "global", "us_government" }, clouds.names())
  end)
end)
