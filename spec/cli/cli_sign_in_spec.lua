-- Who the command calls as, against the sandbox.
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

local DOCUMENTED = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local STATE = "/.local/state/partnercenter/"

if command.skips() then return end

describe("the command's sign-in", function()
  local box, home, said

  setup(function()
    box = sandbox.start { customers = 2, products = 1, device_pending = 0, device_interval = 0.1 }
  end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    home, said = command.directory(), {}
  end)
  after_each(function()
    command.remove(home)
    -- What was printed has no secret in it, whatever happened.
    local all = table.concat(said, "\n")
    for _, secret in ipairs { box.token, box.refresh_token, box.client_secret, box.app_token } do
      assert.is_nil(all:find(secret, 1, true))
    end
  end)

  local function run(words, env)
    local all = { PARTNERCENTER_TOKEN = false, PARTNERCENTER_TENANT = box.tenant,
      PARTNERCENTER_CLIENT_ID = box.client_id }
    for name, value in pairs(env or {}) do all[name] = value end
    local code, out, err = command.run(words, { box = box, home = home, env = all })
    said[#said + 1] = out .. err
    return code, out, err
  end

  it("needs one: 3", function()
    local code, out, err = run("customers")
    assert.same({ 3, "" }, { code, out })
    local _, shown = run("whoami")
    assert.truthy(shown:find("tenant        " .. box.tenant, 1, true), shown)
    assert.truthy(shown:find("signed in     no", 1, true), shown)
    assert.truthy(err:find("partnercenter login", 1, true))
    assert.equal(0, box:stats().total)
  end)

  it("keeps a login for the commands to come", function()
    local code, out, err = run("login --verbose")
    assert.same({ 0, "" }, { code, out })
    assert.truthy(err:find("enter the code", 1, true))
    local pipe = io.popen("stat -c '%a %n' " .. home .. STATE .. "token; ls " .. home .. STATE)
    local listing = pipe:read("*a")
    pipe:close()
    assert.equal("600", listing:match("^%d+"))
    assert.is_nil(listing:find("signing-in", 1, true))
    said[#said + 1] = err
    local token = command.read(home .. STATE .. "token"):match("refresh_token=(%S+)")
    assert.is_nil(table.concat(said):find(token, 1, true))

    -- Where it was is remembered, so nothing else needs to be said.
    code, out = command.run("deployment -f csv " .. DOCUMENTED, { home = home })
    assert.equal(0, code)
    local _, lines = out:gsub("\n", "")
    assert.equal(4, lines)
    code, out = run("whoami")
    assert.equal(0, code)
    assert.truthy(out:find("the sign-in kept in " .. home .. STATE .. "token", 1, true))
    assert.truthy(out:find("tenant        " .. box.tenant .. " (environment)", 1, true))
    assert.truthy(out:find("signed in     adele@contoso.com", 1, true), out)

    for _, mfa in ipairs { true, false } do
      box:control { mfa = mfa, expire_tokens = true }
      code, out = run("whoami --mfa")
      assert.equal(0, code)
      for _, words in ipairs { "signed in     adele@contoso.com", "in tenant     9a5f1c7e-3d42",
        "application   " .. box.client_id, mfa and "compliant     yes" or "compliant     no",
        mfa and "nothing is to be done" or "a person has to sign in again" } do
        assert.truthy(out:find(words, 1, true), out)
      end
    end

    code, out = run("logout")
    assert.equal(0, code)
    assert.truthy(out:find("signed out", 1, true))
    pipe = io.popen("ls -A " .. home .. STATE)
    assert.equal("quota\n", pipe:read("*a")) -- which tells of nobody
    pipe:close()
    assert.equal(3, (run("customers")))
    code, out = run("logout")
    assert.same({ 0, "nobody was signed in\n" }, { code, out })
  end)

  it("keeps the login that is there when another one fails", function()
    assert.equal(0, (run("login")))
    local before = command.read(home .. STATE .. "token")
    box:control { device_outcome = "decline" }
    local code, _, err = run("login")
    assert.equal(3, code)
    assert.truthy(err:find("declined", 1, true), err)
    assert.equal(before, command.read(home .. STATE .. "token"))
    box:control { device_outcome = "accept" }
    assert.equal(0, (run("login")))
    assert.is_not.equal(before, command.read(home .. STATE .. "token"))
  end)

  it("says that it needs an application to log in with", function()
    local code, _, err = run("login", { PARTNERCENTER_CLIENT_ID = false })
    assert.equal(2, code)
    assert.truthy(err:find("--client-id", 1, true))
    code, _, err = run("login --tenant 'not a tenant'")
    assert.equal(2, code)
    assert.truthy(err:find("tenant", 1, true))
  end)

  it("keeps a sign-in though the first call fails", function()
    box:control { faults = { { match = "/v1/customers", times = 9, error = "no_rights" } } }
    local code, _, err = run("login")
    assert.truthy(code == 1 or code == 3)
    assert.truthy(err:find("signed in, but the first call failed", 1, true))
    assert.truthy(command.read(home .. STATE .. "token"))
  end)

  it("says where it cannot keep a login", function()
    local code, _, err = run("login", { PARTNERCENTER_TOKEN_FILE = "/dev/null/kept/token" })
    assert.equal(1, code)
    assert.truthy(err:find("cannot be made: /dev/null/kept", 1, true), err)
    assert.equal(0, box:stats().total)
    local path = home .. STATE .. "token.settings"
    os.execute("mkdir -p " .. path)
    code, _, err = run("login")
    assert.equal(1, code)
    assert.truthy(err:find("cannot write " .. path, 1, true), err)
  end)

  it("takes a refresh token from the environment, and keeps it where told", function()
    local env = { PARTNERCENTER_REFRESH_TOKEN = box.refresh_token,
      PARTNERCENTER_CLIENT_SECRET = box.client_secret }
    assert.equal(0, (run("deployment -a", env)))
    assert.is_nil(command.read(home .. STATE .. "token"))
    box:control { rotate = "revoke" }
    env.PARTNERCENTER_TOKEN_FILE = home .. "/kept"
    assert.equal(0, (run("deployment -a", env)))
    assert.equal(0, (run("deployment -a", env)))
    assert.truthy(command.read(home .. "/kept"):find("refresh_token=", 1, true))
  end)

  it("ends with 3 when a person has to sign in again", function()
    box:control { faults = { { match = "/token", times = 9, error = "invalid_grant" } } }
    local code, out, err = run("deployment -a", {
      PARTNERCENTER_REFRESH_TOKEN = box.refresh_token,
      PARTNERCENTER_CLIENT_SECRET = box.client_secret })
    assert.same({ 3, "" }, { code, out })
    assert.truthy(err:find("^partnercenter: sign_in: "))
  end)

  it("refuses app-only for licences, and lists customers with it", function()
    local env = { PARTNERCENTER_CLIENT_SECRET = box.client_secret }
    assert.equal(0, (run("customers", env)))
    local code, _, err = run("deployment -a", env)
    assert.equal(3, code)
    assert.truthy(err:find("App+User", 1, true))
    _, _, err = run("deployment " .. DOCUMENTED, { PARTNERCENTER_TOKEN = box.app_token })
    assert.truthy(err:find("403", 1, true), err)
  end)

  it("ends with 3 at a token that is no longer good", function()
    local code, _, err = run("customers", { PARTNERCENTER_TOKEN = "not-a-token-of-theirs" })
    assert.equal(3, code)
    assert.is_nil(err:find("not-a-token-of-theirs", 1, true))
  end)

  it("refuses a token file that others can read", function()
    assert.equal(0, (run("login")))
    os.execute("chmod 644 " .. home .. STATE .. "token")
    local code, _, err = run("customers")
    assert.equal(2, code)
    assert.truthy(err:find("others have access", 1, true))
  end)

  it("says why a sign-in has ended, and what to do", function()
    assert.equal(0, (run("login")))
    local path = home .. STATE .. "token"
    command.write(path, (command.read(path):gsub("refresh_token=%S+", "refresh_token=ended")))
    local code, out, err = run("customers")
    assert.same({ 3, "" }, { code, out })
    assert.truthy(err:find("AADSTS%d+"), err)
    assert.truthy(err:find("partnercenter login", 1, true), err)
    assert.is_nil(err:find("function", 1, true), err)
  end)

  it("asks for all that is missing at once", function()
    local code, _, err = run("login", { PARTNERCENTER_CLIENT_ID = false,
      PARTNERCENTER_TENANT = false })
    assert.equal(2, code)
    assert.truthy(err:find("--tenant (or PARTNERCENTER_TENANT) and --client-id", 1, true), err)
    assert.truthy(err:find("doc/sign-in.md", 1, true), err)
  end)

  it("replaces the sign-in of another tenant only when told", function()
    assert.equal(0, (run("login")))
    local path = home .. STATE .. "token"
    command.write(path, (command.read(path):gsub("tenant=[^\n]+", "tenant=other.example")))
    local before = command.read(path)
    local code, _, err = run("login")
    assert.equal(2, code)
    assert.truthy(err:find("holds the sign-in of tenant other.example", 1, true), err)
    assert.equal(before, command.read(path))
    assert.equal(0, (run("login --replace")))
    assert.truthy(command.read(path):find(box.tenant:lower(), 1, true))
  end)

  it("keeps several tenants apart by profiles", function()
    local config = home .. "/config"
    command.write(config, ("locale = de-DE\n[contoso]\ntenant = %s\nclient_id = %s\n"):format(
      box.tenant, box.client_id))
    local none = { PARTNERCENTER_TENANT = false, PARTNERCENTER_CLIENT_ID = false,
      PARTNERCENTER_CONFIG = config }
    assert.equal(0, (run("login --profile contoso", none)))
    assert.truthy(command.read(home .. STATE .. "token-contoso"))
    assert.is_nil(command.read(home .. STATE .. "token"))
    assert.equal(0, (run("customers --profile contoso", none)))
    none.PARTNERCENTER_PROFILE = "contoso"
    assert.equal(0, (run("customers", none)))
    none.PARTNERCENTER_PROFILE = nil
    assert.equal(3, (run("customers", none)))
    local _, out = run("profiles -f csv", none)
    assert.equal(("profile,tenant,client_id,signedIn\r\ndefault,,,false\r\ncontoso,%s,%s,true\r\n")
      :format(box.tenant, box.client_id), out)
    local code, _, err = run("customers --profile contos", none)
    assert.equal(2, code)
    assert.truthy(err:find("did you mean 'contoso'?", 1, true), err)
    none.PARTNERCENTER_TOKEN = box.token
    code, _, err = run("customers --profile contoso", none)
    assert.equal(2, code)
    assert.truthy(err:find("PARTNERCENTER_TOKEN is set", 1, true), err)
  end)

  it("believes no file that others can write", function()
    assert.equal(0, (run("login")))
    local settings = home .. STATE .. "token.settings"
    local pipe = io.popen("stat -c %a " .. settings)
    assert.equal("600", pipe:read("*l"))
    pipe:close()
    os.execute("chmod 666 " .. settings)
    local code, _, err = run("customers")
    assert.equal(2, code)
    assert.truthy(err:find("token.settings cannot be used: others have access", 1, true), err)
    os.execute("chmod 600 " .. settings)

    local config = home .. "/config"
    command.write(config, "locale = de-DE\n")
    local env = { PARTNERCENTER_CONFIG = config }
    for _, c in ipairs {
      { "chmod 646 " .. config, "others may write it" },
      { ("chmod 644 %s; mv %s %s.x; ln -s %s.x %s"):format(config, config, config, config, config),
        "symbolic link" },
    } do
      os.execute(c[1])
      local status, _, why = run("customers", env)
      assert.equal(2, status)
      assert.truthy(why:find(c[2], 1, true), why)
    end
  end)

  it("speaks of flags, variables and lines, not of options of the library", function()
    local config = home .. "/config"
    command.write(config, "\nbase_url = ftp://x\n")
    for _, c in ipairs {
      { "customers", { PARTNERCENTER_CONFIG = config }, config .. ", line 2: base_url" },
      { "customers --base-url ftp://x", {}, "--base-url" },
      { "customers", { PARTNERCENTER_BASE_URL = "ftp://x" }, "PARTNERCENTER_BASE_URL" },
    } do
      local env = { PARTNERCENTER_TOKEN = box.token, PARTNERCENTER_BASE_URL = false }
      for name, value in pairs(c[2]) do env[name] = value end
      local code, _, err = run(c[1], env)
      assert.equal(2, code)
      assert.truthy(err:find(c[3], 1, true), err)
    end
  end)
end)
