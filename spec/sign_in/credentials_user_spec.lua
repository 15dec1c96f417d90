-- Credentials that live on a refresh token: rotation, and what comes first.
local conversation = require "spec.support.conversation"
local core = require "partnercenter.core"
local credentials = require "partnercenter.sign_in.credentials"
local errors = require "partnercenter.errors"

local NOW = conversation.NOW
local options = conversation.options
local context = conversation.context
local granted = conversation.granted
local refused = conversation.refused

describe("partnercenter.credentials", function()
  describe("a refresh token", function()
    local function rotating(more)
      local given = {}
      local o = options { refresh_token = "r1", on_rotate = function(token)
        given[#given + 1] = token
      end }
      for name, value in pairs(more or {}) do o[name] = value end
      return credentials.refresh_token(o), given
    end

    it("is replaced by the one in the answer", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "r2" }),
        granted("t2", { refresh_token = "r3" }), granted("t3") , granted("t4") }
      for i = 1, 4 do assert.equal("t" .. i, assert(provider:acquire(ctx)).access_token) end
      assert.same({ "r2", "r3" }, given)
      local used = {}
      for i, sent in ipairs(ctx.sent) do used[i] = sent[2].refresh_token end
      assert.same({ "r1", "r2", "r3", "r3" }, used)
      assert.is_true(ctx.secrets.r2)
    end)

    it("that stays the same is not handed out", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "r1" }) }
      assert(provider:acquire(ctx))
      assert.same({}, given)
    end)

    it("that is empty or null changes nothing", function()
      local provider, given = rotating()
      local ctx = context { granted("t1", { refresh_token = "" }),
        granted("t2", { refresh_token = core.null }), granted("t3") }
      for _ = 1, 3 do assert(provider:acquire(ctx)) end
      assert.same({}, given)
      assert.equal("r1", ctx.sent[3][2].refresh_token)
    end)

    it("reaches all clients of the credentials, each of which tells of its own", function()
      local provider, given = rotating()
      local a, b = context { granted("a1", { refresh_token = "ra" }), granted "a2" },
        context { granted("b1", { refresh_token = "rb" }), granted "b2" }
      assert(provider:acquire(a))
      assert(provider:acquire(b))
      assert(provider:acquire(a))
      assert(provider:acquire(b))
      assert.same({ "ra", "rb" }, given)
      for _, context_of_one in ipairs { a, b } do
        assert.equal("rb", context_of_one.sent[2][2].refresh_token)
      end
      assert.equal("ra", b.sent[1][2].refresh_token)
    end)

    for _, c in ipairs {
      { "raises", function() error("disk full", 0) end, "disk full" },
      { "returns false", function() return false end, "it gave false" },
      { "returns nil and why", function() return nil, "disk full" end, "disk full" },
      { "returns nil and an error object",
        function() return nil, errors.new { kind = "network", message = "store down" } end,
        "store down" },
      { "raises a table", function() error({}) end, "table: " },
    } do
      it("fails the call when on_rotate " .. c[1] .. ", and is offered again first", function()
        local offered, working = {}, false
        local provider = rotating { on_rotate = function(token)
          offered[#offered + 1] = token
          if not working then return c[2]() end
        end }
        local ctx = context { granted("t1", { refresh_token = "r2" }),
          granted("t2", { refresh_token = "r3" }) }
        for i = 1, 2 do
          local got, err = provider:acquire(ctx)
          assert.is_nil(got)
          assert.equal("sign_in", err.kind)
          assert.is_false(err.retryable)
          assert.is_truthy(err.message:find("on_rotate could not keep the new refresh token: "
            .. c[3], 1, true), err.message)
          assert.equal(i, #offered)
        end
        assert.equal(1, #ctx.sent)
        working = true
        assert.equal("t1", assert(provider:acquire(ctx)).access_token)
        assert.equal("t2", assert(provider:acquire(ctx)).access_token)
        assert.same({ "r2", "r2", "r2", "r3" }, offered)
        assert.equal("r2", ctx.sent[2][2].refresh_token)
      end)
    end

    it("is used once more when the access token held back has ended", function()
      local working = false
      local provider = rotating { on_rotate = function() return working end }
      local now = NOW
      local ctx = context({ granted("t1", { refresh_token = "r2" }), granted "t2" },
        { time = function() return now end })
      assert.is_nil((provider:acquire(ctx)))
      working, now = true, NOW + 3599
      assert.equal("t2", assert(provider:acquire(ctx)).access_token)
      assert.equal("r2", ctx.sent[2][2].refresh_token)
    end)

    it("that is refused is not tried twice, nor the first one again", function()
      local provider = rotating()
      local ctx = context { granted("t1", { refresh_token = "r2" }), refused "invalid_grant" }
      assert(provider:acquire(ctx))
      local got, err = provider:acquire(ctx)
      assert.is_nil(got)
      assert.equal("invalid_grant", err.error)
      assert.equal(2, #ctx.sent)
    end)

    for _, c in ipairs {
      { "nil and why", function() return nil, "run 'login' first" end, "run 'login' first" },
      { "nothing", function() end, "it gave nothing" },
      { "a number", function() return 5 end, "gave a number, not a text" },
      { "an error object",
        function() return nil, errors.new { kind = "network", message = "store down" } end,
        "store down", "network" },
    } do
      it("whose function gives " .. c[1] .. " is an error", function()
        local got, err = rotating({ refresh_token = c[2] }):acquire(context {})
        assert.is_nil(got)
        assert.equal(c[4] or "sign_in", err.kind)
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
      end)
    end
  end)

  describe("an authorization code", function()
    local provider
    before_each(function()
      provider = credentials.authorization_code(options { code = "c", redirect_uri = "x" })
    end)

    it("is exchanged once; then the refresh token serves", function()
      local ctx = context { granted("t1", { refresh_token = "r1" }), granted "t2" }
      assert(provider:acquire(ctx))
      assert(provider:acquire(ctx))
      assert.equal("authorization_code", ctx.sent[1][2].grant_type)
      assert.equal("refresh_token", ctx.sent[2][2].grant_type)
      assert.equal("r1", ctx.sent[2][2].refresh_token)
    end)

    it("without a refresh token lasts for one access token", function()
      local ctx = context { granted "t1" }
      assert(provider:acquire(ctx))
      local got, err = provider:acquire(ctx)
      assert.is_nil(got)
      assert.equal("sign_in", err.kind)
      assert.is_truthy(err.message:find("offline_access", 1, true))
      assert.equal(1, #ctx.sent)
    end)

    it("stays good when the network failed", function()
      local ctx = context { errors.new { kind = "network", message = "down" }, granted "t1" }
      assert.is_nil((provider:acquire(ctx)))
      assert.equal("t1", assert(provider:acquire(ctx)).access_token)
    end)

    it("hands its first refresh token to on_rotate", function()
      local given
      local c = credentials.authorization_code(options { code = "c", redirect_uri = "x",
        on_rotate = function(token) given = token end })
      assert(c:acquire(context { granted("t1", { refresh_token = "r1" }) }))
      assert.equal("r1", given)
    end)
  end)
end)
