local command = require "spec.support.command"
local failure = require "partnercenter.cli.failure"
local precedence = require "partnercenter.cli.config.precedence"

describe("partnercenter.cli.config.precedence", function()
  local home
  before_each(function()
    home = command.directory()
    os.execute("mkdir -p " .. home .. "/.config/partnercenter " .. home
      .. "/.local/state/partnercenter")
  end)
  after_each(function() command.remove(home) end)

  local function read(given, env, config, memory)
    if config then command.write(home .. "/.config/partnercenter/config", config) end
    if memory then
      command.write(home .. "/.local/state/partnercenter/token.settings", memory)
      os.execute("chmod 600 " .. home .. "/.local/state/partnercenter/token.settings")
    end
    local all = { HOME = home }
    for name, value in pairs(env or {}) do all[name] = value end
    return precedence.read(given or {}, function(name) return all[name] end)
  end

  local function refusal(...)
    local ok, err = pcall(read, ...)
    assert.is_false(ok)
    local code, message = failure.explain(err)
    assert.equal(2, code)
    return message
  end

  it("takes the option before the environment, the file, the login, the default", function()
    local env = { PARTNERCENTER_TENANT = "env", PARTNERCENTER_LOCALE = "env" }
    local config = "tenant = file\nlocale=file\n# a remark\n\nclient-id = file\ncloud = file\n"
    local memory = "tenant = login\nclient_id = login\ncloud = login\nca_file = /login.pem\n"
    local found = read({ tenant = "option" }, env, config, memory)
    assert.same({ "option", "env", "file", "file", "/login.pem" }, {
      found.values.tenant, found.values.locale, found.values.client_id, found.values.cloud,
      found.values.ca_file })
    assert.same({ "option", "environment", "configuration file", "login", "default" }, {
      found.from.tenant, found.from.locale, found.from.cloud, found.from.ca_file,
      found.from.token_file })
    assert.equal(home .. "/.local/state/partnercenter/token", found.values.token_file)
  end)

  it("forgets the login for a token from elsewhere", function()
    local memory = "base_url = https://127.0.0.1:1\n"
    assert.equal("https://127.0.0.1:1", read({}, {}, nil, memory).values.base_url)
    for _, name in ipairs { "TOKEN", "REFRESH_TOKEN" } do
      assert.is_nil(read({}, { ["PARTNERCENTER_" .. name] = "x" }, nil, memory).values.base_url)
    end
  end)

  it("leads a login where the last one went, unless anything else is said", function()
    local memory = "tenant = contoso.com\nclient_id = a\ncloud = china\n"
    local found = read({ command = "login" }, {}, nil, memory)
    assert.same({ "contoso.com", "a", "china", "login" }, { found.values.tenant,
      found.values.client_id, found.values.cloud, found.from.cloud })
    assert.equal("china", read({ command = "login", tenant = "Contoso.com" }, {}, nil,
      memory).values.cloud)
    for _, said in ipairs { { tenant = "fabrikam.com" }, { client_id = "b" },
      { cloud = "global" } } do
      said.command = "login"
      found = read(said, {}, nil, memory).values
      assert.same({ said.tenant, said.client_id, said.cloud },
        { found.tenant, found.client_id, found.cloud })
    end
    -- What goes elsewhere in the environment concerns the calls, not a person's login.
    assert.equal("china", read({ command = "login" }, { PARTNERCENTER_TOKEN = "x" }, nil,
      memory).values.cloud)
  end)

  it("takes an empty variable for none", function()
    assert.is_nil(read({}, { PARTNERCENTER_CLOUD = "" }).values.cloud)
    assert.is_nil(read({}, { PARTNERCENTER_TOKEN = "" }).secrets.token)
  end)

  it("finds its files where XDG and the settings say", function()
    local found = read({}, { XDG_STATE_HOME = "/state", XDG_CONFIG_HOME = "/config" })
    assert.equal("/state/partnercenter/token", found.values.token_file)
    assert.equal("/config/partnercenter/config", found.config)
    found = read({}, { XDG_STATE_HOME = "relative" })
    assert.equal(home .. "/.local/state/partnercenter/token", found.values.token_file)
    command.write(home .. "/other", "token_file = ~/my token\n")
    found = read({ config = home .. "/other" })
    assert.equal(home .. "/my token", found.values.token_file)
    found = read({}, { PARTNERCENTER_CONFIG = home .. "/other" })
    assert.equal(home .. "/my token", found.values.token_file)
  end)

  it("has secrets from the environment only", function()
    local env = { PARTNERCENTER_TOKEN = "a", PARTNERCENTER_REFRESH_TOKEN = "b",
      PARTNERCENTER_CLIENT_SECRET = "c" }
    assert.same({ token = "a", refresh_token = "b", client_secret = "c" }, read({}, env).secrets)
    for _, name in ipairs { "token", "refresh_token", "client_secret" } do
      local message = refusal({}, {}, name .. " = hush\n")
      assert.truthy(message:find("PARTNERCENTER_" .. name:upper(), 1, true))
      assert.is_nil(message:find("hush", 1, true))
    end
  end)

  for _, c in ipairs {
    { "an unknown name", "lcoale = de\n", "unknown setting 'lcoale' (did you mean 'locale'?)" },
    { "a line without a value", "\nlocale\n", "line 2: 'name = value' or '[profile]' is due" },
    { "no number", "concurrency = many\n", "concurrency must be" },
    { "a fraction", "concurrency = 1.5\n", "concurrency must be" },
  } do
    it("refuses " .. c[1], function()
      assert.truthy(refusal({}, {}, c[2]):find(c[3], 1, true))
    end)
  end

  it("refuses a named file that is not there", function()
    assert.truthy(refusal({ config = home .. "/none" })
      :find("there is no configuration file", 1, true))
  end)

  it("remembers what a login was told, and no default", function()
    local found = read({ tenant = "contoso.com", client_id = "x", command = "login" })
    assert.is_true(precedence.remember(found))
    assert.equal("# Where 'partnercenter login' signed in.\ntenant = contoso.com\nclient_id = x\n",
      command.read(precedence.memory_path(found.values.token_file)))
  end)
end)
