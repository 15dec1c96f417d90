-- A quota that several use together, by a clock of the spec's own.
local partnercenter = require "partnercenter"
local quota = require "partnercenter.flow.quota"
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
              one:passed()
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
    local before = fleet[1].window.budget
    run(fleet, service(1000, 60), 1000)
    assert(fleet[1].window.budget > before, fleet[1].window.budget)
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

  it("goes on without the store, and says so", function()
    local away = partnercenter.store.redis { url = "redis://127.0.0.1:1", timeout = 0.1 }
    package.path = package.path .. ";/usr/share/lua/5.3/?.lua"
    local one = new(nil, away)
    assert.equal(0, one:take())
    one:passed()
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
