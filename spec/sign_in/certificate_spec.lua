-- An application that proves itself by a certificate, against the sandbox, which checks
-- the signature with OpenSSL.
local base64 = require "partnercenter.util.base64"
local certificate = require "partnercenter.sign_in.certificate"
local cjson = require "spec.support.json"
local partnercenter = require "partnercenter"
local signing = require "spec.support.signing"

local credentials = partnercenter.credentials
local call = signing.call

local function run(command)
  assert(os.execute("unset LD_PRELOAD; " .. command))
end

-- Only root gives files away, and only its own may be for a group.
local function is_root()
  local pipe = io.popen "id -u"
  local id = pipe:read("*n")
  pipe:close()
  return id == 0
end

-- A key and its certificate below dir.
local function make(dir, name, kind)
  run(("openssl req -x509 -newkey %s -nodes -days 2 -subj /CN=%s -keyout %s/%s.key -out %s/%s.pem "
    .. "2>/dev/null"):format(kind or "rsa:2048", name, dir, name, dir, name))
  return { certificate = ("%s/%s.pem"):format(dir, name), key = ("%s/%s.key"):format(dir, name) }
end

if not pcall(require, "openssl.pkey") then
  describe("a certificate", function() pending("needs luaossl, which signs") end)
  return
end

describe("a certificate", function()
  local world = signing.world { customers = 5, products = 1 }
  local dir, own, other

  setup(function()
    world.start()
    dir = world.box.dir .. "/application"
    run("mkdir -p " .. dir)
    own, other = make(dir, "own"), make(dir, "other")
  end)
  teardown(world.stop)
  before_each(function()
    world.reset()
    world.box:control { application_certificate = own.certificate }
  end)
  after_each(world.close)

  local function refreshing(files, more)
    local options = world.known { refresh_token = world.box.refresh_token,
      client_certificate = files }
    for name, value in pairs(more or {}) do options[name] = value end
    return world.new(credentials.refresh_token(options))
  end

  it("proves an application that acts for a user", function()
    assert(call(refreshing(own)))
    assert.same({ refresh_token = 1 }, world.box:stats().grants)
  end)

  it("proves it at version 1 of the endpoint", function()
    assert(call(refreshing(own, { version = 1 })))
  end)

  it("proves an application that stands for itself", function()
    local provider = credentials.client_secret(world.known { client_certificate = own })
    assert.is_true(provider.app_only)
    assert(world.new(provider).customers:get())
  end)

  it("may lie in one file with its key, and with those of the authorities", function()
    run(("cat %s %s %s >%s/all.pem; chmod 600 %s/all.pem"):format(own.key, own.certificate,
      other.certificate, dir, dir))
    assert(call(refreshing { certificate = dir .. "/all.pem", key = dir .. "/all.pem" }))
  end)

  it("may be reached by a link, and the system's key be for a group, too", function()
    run(("cp %s %s/ours.key; chmod %s %s/ours.key; ln -s ours.key %s/current.key"):format(own.key,
      dir, is_root() and "640" or "600", dir, dir))
    assert(call(refreshing { certificate = own.certificate, key = dir .. "/current.key" }))
  end)

  for _, bits in ipairs { 2041, 2047, 3072 } do
    it("may have a key of " .. bits .. " bits", function()
      local odd = make(dir, "odd" .. bits, "rsa:" .. bits)
      world.box:control { application_certificate = odd.certificate }
      assert(call(refreshing(odd)))
    end)
  end

  it("is read anew for each token, so that it can be replaced", function()
    local files = { certificate = dir .. "/now.pem", key = dir .. "/now.key" }
    run(("cp %s %s && cp %s %s"):format(own.certificate, files.certificate, own.key, files.key))
    local client = refreshing(files)
    assert(call(client))
    run(("cp %s %s && cp %s %s"):format(other.certificate, files.certificate, other.key, files.key))
    world.box:control { application_certificate = other.certificate }
    world.box:control { expire_tokens = true }
    assert(call(client))
    assert.equal(2, world.token_requests())
  end)

  it("that is not registered is refused, and the advice says so", function()
    local page, err = call(refreshing(other))
    assert.is_nil(page)
    assert.equal("sign_in", err.kind)
    assert.equal(700027, err.code)
    assert.truthy(err.message:find("upload the certificate", 1, true), err.message)
  end)

  it("that signs at a wrong time is refused, and the advice says so", function()
    world.now = world.now - 86400
    local _, err = call(refreshing(own))
    assert.equal(700024, err.code)
    assert.truthy(err.message:find("this machine's clock", 1, true), err.message)
  end)

  describe("that cannot be used is a config error, and nothing is sent:", function()
    for _, c in ipairs {
      { "no such file", { certificate = "/nonexistent.pem" },
        "the certificate /nonexistent.pem cannot be read: No such file" },
      { "no such key", { key = "/nonexistent.key" }, "the key /nonexistent.key cannot be read" },
      { "a directory", { key = "/tmp" }, "it is not a regular file" },
      { "a pipe, at which nobody waits", function()
        run(("mkfifo -m 600 %s/pipe"):format(dir))
        return { certificate = dir .. "/pipe" }
      end, "it is not a regular file" },
      { "a key that others may read", function()
        run(("cp %s %s/shown.key; chmod 644 %s/shown.key"):format(own.key, dir, dir))
        return { key = dir .. "/shown.key" }
      end, "others have access to it" },
      { "a key of another user's", function()
        run(("cp %s %s/their.key; chown nobody %s/their.key"):format(own.key, dir, dir))
        return { key = dir .. "/their.key" }
      end, "it belongs to another user", root = true },
      { "a key that is far too long", function()
        run(("head -c 65537 /dev/zero >%s/long.key; chmod 600 %s/long.key"):format(dir, dir))
        return { key = dir .. "/long.key" }
      end, "it is too large" },
      { "a certificate for a key", function()
        run("chmod 600 " .. own.certificate)
        return { key = own.certificate }
      end, "holds no private RSA key" },
      { "a key for a certificate", function()
        return { certificate = own.key }
      end, "holds no certificate" },
      { "somebody else's key", function() return { key = other.key } end, "is not that of" },
      { "a key of another kind", function()
        return make(dir, "curve", "ec -pkeyopt ec_paramgen_curve:P-256")
      end, "holds no private RSA key" },
      { "an encrypted key", function()
        run(("openssl pkey -in %s -aes128 -passout pass:secret -out %s/locked.key")
          :format(own.key, dir))
        return { key = dir .. "/locked.key" }
      end, "is encrypted" },
    } do
      if is_root() or not c.root then
        it(c[1], function()
          local files = { certificate = own.certificate, key = own.key }
          for name, path in pairs(type(c[2]) == "function" and c[2]() or c[2]) do
            files[name] = path
          end
          local page, err = call(refreshing(files))
          assert.is_nil(page)
          assert.equal("config", err.kind)
          assert.truthy(err.message:find(c[3], 1, true), err.message)
          assert.equal(0, world.token_requests())
        end)
      end
    end

    it("no luaossl", function()
      local path, cpath, loaded = package.path, package.cpath, {}
      for name, module in pairs(package.loaded) do
        if name:find("openssl", 1, true) then loaded[name] = module end
      end
      for name in pairs(loaded) do package.loaded[name] = nil end
      package.path, package.cpath = "lua/?.lua;lua/?/init.lua", ""
      local page, err = call(refreshing(own))
      package.path, package.cpath = path, cpath
      for name, module in pairs(loaded) do package.loaded[name] = module end
      assert.is_nil(page)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find("install it (Debian: lua-luaossl", 1, true), err.message)
    end)
  end)

  it("gives an assertion that no error, event or object shows", function()
    local client = refreshing(own)
    world.box:control { faults = { { match = "/token", status = 400, times = 9,
      body = '{"error":"invalid_client","error_description":"no"}' } } }
    local _, err = call(client)
    local text = signing.dump { client, err, tostring(err), world.events }
    assert.is_nil(text:find("eyJ", 1, true))
    assert.is_nil(text:find(own.key, 1, true))
  end)

  it("names itself by its thumbprint, and is good for ten minutes", function()
    local jwt = assert(certificate.assertion(own, world.box.client_id, "https://x/token", 1.7e9))
    local header, claims = jwt:match("^([^.]+)%.([^.]+)%.")
    header, claims = cjson.decode(base64.decode(header)), cjson.decode(base64.decode(claims))
    local pipe = io.popen("unset LD_PRELOAD; openssl x509 -noout -fingerprint -sha256 -in "
      .. own.certificate)
    local print = pipe:read("*a"):match("=(.*)\n"):gsub(":", ""):lower()
    pipe:close()
    assert.equal(print, (base64.decode(header["x5t#S256"]):gsub(".", function(c)
      return ("%02x"):format(c:byte())
    end)))
    assert.same({ "PS256", "JWT" }, { header.alg, header.typ })
    assert.equal("https://x/token", claims.aud)
    assert.same({ world.box.client_id, world.box.client_id }, { claims.iss, claims.sub })
    assert.same({ 1.7e9, 1.7e9, 1.7e9 + 600 }, { claims.iat, claims.nbf, claims.exp })
  end)

  for _, c in ipairs {
    { "no table", "cert.pem" }, { "no key", { certificate = "a" } }, { "no file", { key = "a" } },
    { "more than that", { certificate = "a", key = "b", password = "c" } },
    { "an empty path", { certificate = "", key = "b" } },
  } do
    it("is not taken: " .. c[1], function()
      local ok, why = pcall(refreshing, c[2])
      assert.is_false(ok)
      assert.truthy(why:find("option 'client_certificate'", 1, true), why)
    end)
  end

  it("goes with no other proof", function()
    for name, value in pairs { client_secret = "s", client_assertion = "a.b.c" } do
      local ok, why = pcall(refreshing, own, { [name] = value })
      assert.is_false(ok)
      assert.truthy(why:find("not both", 1, true), why)
    end
  end)
end)
