-- The device code: asked for, shown, polled.
local conversation = require "spec.support.conversation"
local credentials = require "partnercenter.sign_in.credentials"
local errors = require "partnercenter.errors"

local CLIENT, V2, SCOPE = conversation.CLIENT, conversation.V2, conversation.SCOPE
local options = conversation.options
local context = conversation.context
local granted = conversation.granted
local refused = conversation.refused

describe("partnercenter.credentials", function()
  describe("a device code", function()
    local prompts
    local function device(more)
      local answer = { device_code = "DEVICE", user_code = "ABC", interval = 5, expires_in = 900,
        verification_uri = "https://microsoft.com/devicelogin", message = "open and type" }
      for name, value in pairs(more or {}) do answer[name] = value end
      return answer
    end
    local function provider(more)
      prompts = {}
      local o = options { on_prompt = function(message, details)
        prompts[#prompts + 1] = { message, details }
      end }
      for name, value in pairs(more or {}) do o[name] = value end
      return credentials.device_code(o)
    end

    it("is asked for, shown, and polled", function()
      local ctx = context { device(), refused "authorization_pending", granted "t" }
      assert.equal("t", assert(provider():acquire(ctx)).access_token)
      assert.same({ V2 .. "devicecode", { client_id = CLIENT, scope = SCOPE } }, ctx.sent[1])
      local poll = { V2 .. "token", { client_id = CLIENT, device_code = "DEVICE",
        grant_type = "urn:ietf:params:oauth:grant-type:device_code" } }
      assert.same({ poll, poll }, { ctx.sent[2], ctx.sent[3] })
      assert.equal(10, ctx.slept)
      assert.same({ { "open and type", { message = "open and type", user_code = "ABC",
        verification_uri = "https://microsoft.com/devicelogin", interval = 5, expires_in = 900,
      } } }, prompts)
      assert.is_true(ctx.secrets.DEVICE)
    end)

    it("gives a refresh token that serves from then on", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }), granted "t2" }
      assert(p:acquire(ctx))
      assert(p:acquire(ctx))
      assert.equal("r1", ctx.sent[3][2].refresh_token)
      assert.equal(1, #prompts)
    end)

    it("is asked for again when the refresh token is refused", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }),
        refused "invalid_grant", device(), granted "t2" }
      assert(p:acquire(ctx))
      assert.equal("t2", assert(p:acquire(ctx)).access_token)
      assert.equal(2, #prompts)
    end)

    it("is not asked for when the network fails", function()
      local p = provider()
      local ctx = context { device(), granted("t1", { refresh_token = "r1" }),
        errors.new { kind = "network", message = "down" } }
      assert(p:acquire(ctx))
      local _, err = p:acquire(ctx)
      assert.equal("network", err.kind)
      assert.equal(1, #prompts)
    end)

    it("slows down when told", function()
      local ctx = context { device(), refused "slow_down", refused "authorization_pending",
        granted "t" }
      assert(provider():acquire(ctx))
      assert.equal(5 + 10 + 10, ctx.slept)
    end)

    it("goes on after a hiccup, more slowly", function()
      local ctx = context { device(), errors.new { kind = "network", message = "down" },
        granted "t" }
      assert(provider():acquire(ctx))
      assert.equal(5 + 10, ctx.slept)
    end)

    for _, code in ipairs { "authorization_declined", "access_denied", "expired_token",
      "bad_verification_code", "invalid_client" } do
      it("ends at " .. code, function()
        local ctx = context { device(), refused(code) }
        local got, err = provider():acquire(ctx)
        assert.is_nil(got)
        assert.equal(code, err.error)
        assert.is_nil(ctx.state.device)
      end)
    end

    it("is not polled beyond its life", function()
      local pending = {}
      for i = 1, 1000 do pending[i] = refused "authorization_pending" end
      table.insert(pending, 1, device { expires_in = 60 })
      local ctx = context(pending)
      local got, err = provider():acquire(ctx)
      assert.is_nil(got)
      assert.equal("sign_in", err.kind)
      assert.is_true(ctx.slept < 60)
      assert.equal(1 + 11, #ctx.sent)
    end)

    it("is polled on by the next call when a deadline ends this one", function()
      local p = provider()
      local ctx = context { device(), refused "authorization_pending", granted "t" }
      local sleep, left = ctx.sleep, 1
      ctx.sleep = function(seconds)
        left = left - 1
        return left >= 0 and sleep(seconds)
      end
      local got, err = p:acquire(ctx)
      assert.is_nil(got)
      assert.equal("timeout", err.kind)
      left = 10
      assert.equal("t", assert(p:acquire(ctx)).access_token)
      assert.equal(1, #prompts)
    end)

    it("that has ended meanwhile is asked for anew", function()
      local p = provider()
      local ctx = context { device(), device(), granted "t" }
      local sleep = ctx.sleep
      ctx.sleep = function() return false end
      assert.is_nil((p:acquire(ctx)))
      ctx.slept, ctx.sleep = 901, sleep
      assert(p:acquire(ctx))
      assert.equal(2, #prompts)
    end)

    for _, c in ipairs {
      { "false", function() return false end, "declined to ask" },
      { "nil and why", function() return nil, "run 'login'" end, "run 'login'" },
      { "an error object",
        function() return nil, errors.new { kind = "cancelled", message = "no" } end, "no" },
    } do
      it("is given up when on_prompt returns " .. c[1], function()
        local ctx = context { device() }
        local got, err = provider({ on_prompt = c[2] }):acquire(ctx)
        assert.is_nil(got)
        assert.is_truthy(err.message:find(c[3], 1, true), err.message)
        assert.equal(1, #ctx.sent)
      end)
    end

    it("comes with what the service leaves out", function()
      local p = provider()
      assert(p:acquire(context { { device_code = "DEVICE", user_code = "ABC",
        verification_url = "https://x/" }, granted "t" }))
      assert.equal("To sign in, open https://x/ and enter the code ABC.", prompts[1][1])
      assert.equal(5, prompts[1][2].interval)
      assert.equal(900, prompts[1][2].expires_in)
    end)

    it("shows a message without control characters", function()
      local p = provider()
      assert(p:acquire(context { device { message = "a\27[2Jb\r\nc" }, granted "t" }))
      assert.equal("a [2Jb c", prompts[1][1])
    end)

    for _, c in ipairs {
      { "no object", "x" },
      { "no device code", { user_code = "ABC", verification_uri = "x" } },
      { "no user code", { device_code = "D", verification_uri = "x" } },
      { "no address", { device_code = "D", user_code = "ABC" } },
    } do
      it("with " .. c[1] .. " is an error of kind protocol", function()
        local got, err = provider():acquire(context { c[2] })
        assert.is_nil(got)
        assert.equal("protocol", err.kind)
      end)
    end
  end)
end)
