-- A quota that several use together, by a clock of the spec's own.
local partnercenter = require "partnercenter"
local quota = require "partnercenter.flow.quota"
local process = require "spec.support.process"
local redis = require "spec.support.redis"
local sandbox = require "spec.support.sandbox"

describe("the shared quota", function()
  local now, store, told

  before_each(function()
    now, told = 1000000, {}
    store = partnercenter.store.memory { clock = function() return now end }
  end)

  local function new(rate, kept)
    return quota.new {
      store = kept or store, key = "q", rate = rate, time = function() return now end,
      tell = function(why) told[#told + 1] = why end,
    }
  end

  -- A service that takes so many in a window, which begins with its first call.
  local function service(most, length)
    local begun, used = nil, 0
    return function()
      if not begun or now >= begun + length then begun, used = now, 0 end
      used = used + 1
      if used <= most then return true end
      return false, math.ceil(begun + length - now)
    end
  end

  -- Each of them sends one call after the other; 0.01 s a turn. Gives the refusals and
  -- the seconds.
  local function run(fleet, call, wanted)
    local passed, refused, due, begun = 0, 0, {}, now
    while passed < wanted do
      for i, one in ipairs(fleet) do
        if passed < wanted and now >= (due[i] or 0) then
          local wait = one:take()
          if wait > 0 then
            due[i] = now + wait
          else
            local ok, seconds = call()
            if ok then
              passed = passed + 1
            else
              refused = refused + 1
              one:refused(seconds)
              due[i] = now + seconds
            end
          end
        end
      end
      now = now + 0.01
    end
    return refused, now - begun
  end

  it("is learned by all from one window", function()
    local fleet = {}
    for i = 1, 12 do fleet[i] = new() end
    local refused, took = run(fleet, service(500, 60), 2900)
    assert(refused <= 0.05 * 2900, refused)
    -- Five windows are waited for; the last one is sent at once.
    assert(took <= 1.15 * 300, took)
  end)

  it("is known to one that comes later", function()
    local call = service(50, 60)
    run({ new() }, call, 120)
    now = now + 600
    local refused = run({ new(), new() }, call, 200)
    assert(refused <= 4, refused)
  end)

  it("tells the others within a second that the service takes none", function()
    local one, two = new(), new()
    assert.equal(0, one:take())
    assert.equal(0, two:take())
    one:refused(30)
    now = now + 1
    local wait = two:take()
    assert(wait > 28 and wait <= 30, wait)
  end)

  it("grows when the service takes more", function()
    local fleet = { new(), new() }
    run(fleet, service(100, 60), 300)
    -- From the next window on, within seconds.
    local refused, took = run(fleet, service(1000, 60), 1000)
    assert(refused <= 2, refused)
    assert(took < 90, took)
  end)

  for _, rate in ipairs { 1, 7, 60, 500, 3000 } do
    it(("keeps %d a minute for all together, in any minute"):format(rate), function()
      local fleet, times, ends = {}, {}, now + 400
      for i = 1, 5 do fleet[i] = new(rate) end
      while now < ends do
        for _, one in ipairs(fleet) do
          if one:take() == 0 then times[#times + 1] = now end
        end
        now = now + 0.05
      end
      local first = 1
      for i = 1, #times do
        while times[i] - times[first] >= 60 do first = first + 1 end
        assert(i - first + 1 <= rate, i - first + 1)
      end
      assert(#times >= 0.45 * rate * 400 / 60, #times)
      if rate >= 60 then assert(#times >= 0.95 * rate * 400 / 60, #times) end
    end)
  end

  describe("whose store is away", function()
    local server, fleet

    before_each(function() server = redis.start { save = true } end)
    after_each(function() server:stop() end)

    local function start(count, call, wanted)
      fleet = {}
      for i = 1, count do
        fleet[i] = new(nil, partnercenter.store.redis { url = server.url, timeout = 5 })
      end
      run(fleet, call, wanted)
    end

    local function count_sent()
      return tonumber(server:cli(("GET partnercenter:q:sent:%d"):format(fleet[1].window.number)))
    end

    local function revive()
      server:revive()
      os.execute "sleep 1.1" -- for so long a lost server is left alone
    end

    -- Calls that they send in so many seconds, none of which is refused.
    local function send(members, call, seconds)
      local sent, ends = 0, now + seconds
      while now < ends do
        for _, one in ipairs(members) do
          if one:take() == 0 then
            assert.is_true((call()))
            sent = sent + 1
          end
        end
        now = now + 0.02
      end
      return sent
    end

    it("keeps to what each one had, and counts it afterwards", function()
      local call = service(80, 60)
      start(4, call, 260)
      server:kill()
      now = now + 61 -- the next window
      -- A few at once, and the rest by and by.
      local alone = send(fleet, call, 2)
      assert(alone >= 4 and alone <= 16, alone)
      alone = alone + send(fleet, call, 50)
      assert(alone >= 40 and alone <= 80, alone)
      assert(#told > 0)
      revive()
      now = now + 1
      for _, one in ipairs(fleet) do one:take() end
      assert(count_sent() >= alone, alone)
    end)

    it("takes no places that one has used who was not back yet", function()
      local call = service(80, 60)
      start(4, call, 330) -- of the fifth window 10
      server:kill()
      send(fleet, call, 1)
      send({ fleet[3], fleet[4] }, call, 40)
      revive()
      -- These two are back first: by the counts there are places, which are none.
      send({ fleet[1], fleet[2] }, call, 1)
    end)

    it("tells the others with its next try, what it was told as well", function()
      local call = service(80, 60)
      start(2, call, 170)
      server:kill()
      local alone = send({ fleet[1] }, call, 2)
      assert(alone > 0)
      fleet[1]:refused(20)
      revive()
      local before = count_sent()
      assert(fleet[1]:take() > 15)
      assert.equal(before + alone, count_sent())
      assert.equal("1", server:cli(("GET partnercenter:q:refused:%d"):format(
        fleet[1].window.number)))
      assert(fleet[2]:take() > 15)
    end)
  end)

  it("begins anew where the store holds what nobody can read", function()
    for _, text in ipairs { "", "1 2 3 4 5", "w2 a b c d e f --", "w9 1 2 3 4 5 6 --" } do
      store:set("q:window", text)
      local refused = run({ new(), new() }, service(50, 60), 120)
      assert(refused <= 6, refused)
    end
  end)

  for _, c in ipairs {
    { "part of a call", "w2 1 999990.000 1000050.000 60.000 0.500 0 --" },
    { "no call at all", "w2 1 999990.000 1000050.000 60.000 0 0 --" },
    { "a budget that is none", "w2 1 999990.000 1000050.000 60.000 x 0 --" },
    { "an end that never comes", "w2 1 999990.000 " .. ("9"):rep(400) .. " 60.000 5 0 -a" },
    { "an end before its beginning", "w2 1 1000000.000 999000.000 60.000 5 0 -a" },
    { "a number that nothing follows", "w2 " .. ("9"):rep(40) .. " 1 2 60.000 5 0 -a" },
    { "a year to come, by a clock that was wrong", "w2 7 90000000.000 90000060.000 60.000 1 0 -a" },
  } do
    it("waits for no window of " .. c[1], function()
      store:set("q:window", c[2])
      store:set("q:sent:7", "1")
      local one, two = new(), new()
      assert.equal(0, one:take())
      one:refused(5)
      now = now + 6
      assert.equal(0, two:take())
      assert.same({}, told)
    end)
  end

  it("gives back to a store what that has lost", function()
    local fleet, call = { new(), new() }, service(50, 60)
    run(fleet, call, 70)
    store = partnercenter.store.memory { clock = function() return now end }
    for _, one in ipairs(fleet) do one.store = store end
    -- The rest of this window, and not a whole one.
    local refused = run(fleet, call, 60)
    assert(refused <= 3, refused)
  end)

  it("goes by the clock of Redis, whatever the machine's own says", function()
    local server = redis.start()
    finally(function() server:stop() end)
    local code = [[
      local socket, stores = require "socket", require "partnercenter.store"
      local gettime, time = socket.gettime, os.time
      socket.gettime = function() return gettime() + 3600 end
      os.time = function(...) return time(...) + 3600 end
      local clock = stores.clock(stores.redis { url = "%s", timeout = 5 }, os.time)
      local own = stores.clock(stores.memory(), os.time)
      print(math.abs(clock() - time()) < 3, own() > time() + 3000)
    ]]
    local _, output = process.run_lua(code:format(server.url))
    assert.matches("true\ttrue", output)
  end)

  it("goes on without the store, and says so", function()
    local away = partnercenter.store.redis { url = "redis://127.0.0.1:1", timeout = 0.1 }
    local one = new(nil, away)
    assert.equal(0, one:take())
    one:refused(5)
    assert(#told > 0)
  end)

  it("holds for clients that share a store, and one that comes later", function()
    store = partnercenter.store.memory()
    local box = sandbox.start { customers = 3, quota = 20, quota_window = 2 }
    finally(function() box:stop() end)
    local refused = 0
    local function client()
      local made = box:partner { store = store, retries = 9, on_event = function(event)
        if event.name == "throttled" then refused = refused + 1 end
      end }
      finally(function() made:close() end)
      return made
    end
    local one, two = client(), client()
    for _ = 1, 20 do
      assert(one.customers:get())
      assert(two.customers:get())
    end
    assert(refused <= 3, refused)
    local three = client()
    for _ = 1, 25 do assert(three.customers:get()) end
    assert(refused <= 5, refused)
  end)
end)
