-- What a fleet's store has of the sign-in: the newest record, whoever comes first after
-- the store has lost something, was put back in time, or holds what it should not.
local conversation = require "spec.support.conversation"
local partnercenter = require "partnercenter"
local records = require "partnercenter.sign_in.shared.records"
local seal = require "partnercenter.sign_in.shared.seal"

describe("the newest sign-in of a fleet", function()
  local now, kept, redeemed

  before_each(function()
    now, redeemed = conversation.NOW, {}
    kept = partnercenter.store.memory { clock = function() return now end }
  end)

  -- A process, and a service that gives for the token "rN" the token "rN+1"; tokens live
  -- for an hour.
  local function process(more)
    local credentials = partnercenter.credentials.shared {
      store = kept, credentials = partnercenter.credentials.refresh_token(conversation.options {
        client_secret = "s3cret", refresh_token = "r0" }),
    }
    local context = conversation.context({}, { time = function() return now end,
      now = function() return now end, tell = function() end, secret = function() end })
    context.post = function(_, form)
      for _, field in ipairs(form) do
        if field[1] == "refresh_token" then
          local number = field[2]:match "%d+"
          local times = (redeemed[field[2]] or 0) + 1
          redeemed[field[2]] = times
          if context.meanwhile then context.meanwhile() end
          return conversation.granted(("a%d-%d"):format(number + 1, times),
            { refresh_token = ("r%d"):format(number + 1) .. ("'"):rep(times - 1) })
        end
      end
    end
    context.sleep = function(seconds)
      now = now + seconds
      if context.asleep then context.asleep() end
      return true
    end
    for name, value in pairs(more or {}) do context[name] = value end
    return {
      context = context,
      ask = function()
        local granted, err = credentials:acquire(context)
        assert(granted, tostring(err))
        return granted.access_token
      end,
    }
  end

  local function key(what)
    return partnercenter.store and require("partnercenter.util").key("sign-in",
      { "refresh_token", conversation.TENANT, conversation.CLIENT },
      "https://login.microsoftonline.com", "") .. ":" .. what
  end

  local function lose()
    for _, what in ipairs { "record", "lock", "settling" } do kept:delete(key(what)) end
  end

  -- One that knows the token r1, and one that knows r2, after which the store is empty.
  local function old_and_new()
    local old, new = process(), process()
    assert.equal("a1-1", old.ask())
    now = now + 3600
    assert.equal("a2-1", new.ask())
    lose()
    return old, new
  end

  it("is waited for by one that has an older one, whose token has ended", function()
    local old, new = old_and_new()
    old.context.asleep = function() new.ask() end
    assert.equal("a2-1", old.ask())
    assert.equal(1, redeemed.r1)
    assert.is_nil(redeemed.r2)
  end)

  it("is redeemed by one that nobody contradicts, after some seconds", function()
    local old = old_and_new()
    local began = now
    assert.equal("a2-2", old.ask())
    assert(now - began >= 3 and now - began < 10, now - began)
  end)

  it("takes the place of an older one that was there first", function()
    local old, new = process(), process()
    old.ask()
    now = now + 3400 -- the old one's token has to be renewed, and serves
    new.ask()
    lose()
    assert.equal("a1-1", old.ask())
    assert.equal("a2-1", new.ask())
    assert.equal("a2-1", old.ask())
    assert.equal("a2-1", process().ask())
    assert.same({ r0 = 1, r1 = 1 }, redeemed)
  end)

  it("stays where one with an older one comes later", function()
    local old, new = old_and_new()
    assert.equal("a2-1", new.ask())
    assert.equal("a2-1", old.ask())
    assert.same({ r0 = 1, r1 = 1 }, redeemed)
  end)

  it("takes the place of what was there before and is put back", function()
    local one = process()
    one.ask()
    local before = kept:get(key "record")
    now = now + 3600
    one.ask()
    kept:set(key "record", before)
    assert.equal("a2-1", one.ask())
    assert.equal("a2-1", process().ask())
    assert.same({ r0 = 1, r1 = 1 }, redeemed)
  end)

  it("is not that of a process that slept over its lease", function()
    local slow, quick = process(), process()
    slow.context.meanwhile = function()
      slow.context.meanwhile = nil
      now = now + 40 -- the lease has ended
      assert.equal("a1-2", quick.ask())
    end
    slow.ask()
    assert.equal("a1-2", process().ask())
    now = now + 3600
    assert.equal("a2-1", slow.ask())
    assert.equal("a2-1", quick.ask())
    assert.same({ r0 = 2, ["r1'"] = 1 }, redeemed)
  end)

  it("is newer whatever the clock says", function()
    local one, two = process(), process()
    one.ask()
    now = now - 100000 -- as after a failover to a server whose clock is wrong
    two.context.rejected = "a1-1"
    assert.equal("a2-1", two.ask())
    assert.equal("a2-1", process { rejected = "a1-1" }.ask())
    one.context.rejected = "a1-1"
    assert.equal("a2-1", one.ask())
    assert.same({ r0 = 1, r1 = 1 }, redeemed)
  end)

  it("is looked for every two seconds, in which the same token is good", function()
    local one = process()
    one.ask()
    local credentials = partnercenter.credentials.shared { store = kept,
      credentials = partnercenter.credentials.refresh_token(conversation.options {
        client_secret = "s3cret", refresh_token = "r0" }) }
    local granted = credentials:acquire(process().context)
    assert.equal("a1-1", granted.access_token)
    assert.equal(2, granted.again)
  end)

  describe("encrypted", function()
    local library = seal.library()
    if not library then return pending "this Lua has no luaossl" end
    local KEY = ("k"):rep(32)

    local function of(name, secret)
      return records.new(kept, name, secret or KEY, library)
    end

    local function always() return true end

    it("is read in its own place, with its own key, and unchanged alone", function()
      local here = of "one"
      assert.is_true(here:offer(records.record(now, "refresh", "access", now + 60), always))
      assert.equal("refresh", here:newest().refresh)
      local text = kept:get "one:record"
      local function refused(bad, where, reader)
        kept:set((where or "one") .. ":record", bad)
        local record, why, unreadable = (reader or here):newest()
        assert.is_nil(record)
        assert.matches("cannot be read", why)
        assert.is_true(unreadable)
      end
      refused(text, "two", of "two")
      refused(text, "one", of("one", ("x"):rep(32)))
      for i = 1, #text do
        local changed = string.char((text:byte(i) + 1) % 256)
        refused(text:sub(1, i - 1) .. changed .. text:sub(i + 1))
        refused(text:sub(1, i - 1))
        refused(text:sub(i + 1))
      end
      refused(text .. "x")
      refused("gcm1:")
      refused(("gcm1:" .. ("\0"):rep(28)))
      kept:set("one:record", text)
      assert.equal("refresh", here:newest().refresh)
    end)
  end)
end)
