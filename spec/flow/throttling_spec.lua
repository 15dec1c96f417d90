-- Quotas, Retry-After and places, on the wire.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"
local together = require "spec.support.together"

-- Instrumented runs take their time; the bounds they are held to are wider.
local PATIENCE = require "spec.support.patience"(20)
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

describe("throttling", function()
  local box, events, skipped
  local clients = clients_of(function()
    return box:client_options {
      random = function() return 0.5 end, clock = function() return core.now() + skipped end,
      on_event = function(event) events[#events + 1] = event end,
    }
  end)

  setup(function() box = sandbox.start { customers = 300, products = 2 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    events, skipped = {}, 0
  end)
  after_each(clients.close)

  -- A client whose waits without anything under way take no time: its clock is
  -- put forward instead.
  local function new_client(options)
    local client = clients.new(options)
    local dispatcher = inside(client).dispatcher
    local step = dispatcher.step
    function dispatcher:step(seconds)
      if seconds > 0 and self.session:running() == 0 then
        skipped, seconds = skipped + seconds, 0
      end
      return step(self, seconds)
    end
    return client
  end

  local function deployment(client)
    return client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
  end

  local function fail(...) box:control { faults = { ... } } end

  local function named(name)
    local list = {}
    for _, event in ipairs(events) do
      if event.name == name then list[#list + 1] = event end
    end
    return list
  end

  for _, c in ipairs {
    { "seconds", function() return "57" end, 57, 57 },
    { "as a date", function()
      return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 58)
    end, 55, 59 },
    { "of zero seconds", function() return "0" end, 0, 0 },
  } do
    it("waits for a Retry-After " .. c[1] .. ", with half a second's jitter", function()
      local client = new_client()
      fail { match = "licenses", status = 429, retry_after = c[2](), times = 1 }
      local page, facts = deployment(client)
      assert(page, facts)
      assert.equal(2, facts.attempts)
      assert.is_true(skipped >= c[3] and skipped <= c[4] + 0.5, "waited " .. skipped)
      assert.equal(1, box:stats().distinct_request_ids)
    end)
  end

  it("backs off further at each try, without an announcement", function()
    local client = new_client()
    fail { match = "licenses", status = 503, times = 3 }
    local page, facts = deployment(client)
    assert(page, facts)
    assert.equal(4, facts.attempts)
    local waits = {}
    for i, event in ipairs(named "retry") do waits[i] = event.seconds end
    assert.same({ 0.25, 0.5, 1 }, waits)
  end)

  it("gives up at once where the announced wait is too long", function()
    local client = new_client()
    fail { match = "licenses", status = 429, retry_after = "301", times = 9 }
    local page, err = deployment(client)
    assert.is_nil(page)
    assert.equal("throttled", err.kind)
    assert.equal(301, err.retry_after)
    assert.equal(1, err.attempts)
    assert.equal(0, skipped)
  end)

  for _, c in ipairs {
    { "in seconds", function() return "57" end },
    { "as a date", function() return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 57) end },
  } do
    it("gives up at once where the wait would pass the deadline: " .. c[1], function()
      local client = new_client { deadline = 30 }
      fail { match = "licenses", status = 429, retry_after = c[2](), times = 9 }
      local page, err = deployment(client)
      assert.is_nil(page)
      assert.equal("timeout", err.kind)
      assert.equal("throttled", err.cause.kind)
      assert.is_true(err.cause.retry_after > 50 and err.cause.retry_after <= 57)
      assert.equal(0, skipped)
    end)
  end

  it("tries as often as it is told to", function()
    for retries = 0, 3 do
      local client = new_client { retries = retries }
      fail { match = "licenses", status = 500, times = 9 }
      local page, err = deployment(client)
      assert.is_nil(page)
      assert.equal(retries + 1, err.attempts)
      box:reset()
    end
  end)

  it("holds all calls of a client back after one refusal", function()
    local client = new_client()
    fail { match = "licenses", status = 429, retry_after = "20", times = 1 }
    local ends, functions = {}, {}
    local started = inside(client).settings.clock()
    for i = 1, 6 do
      functions[i] = function()
        -- One after the other, so that all but the first come after the refusal.
        inside(client).dispatcher:sleep((i - 1) * 0.5)
        local page, facts = deployment(client)
        assert(page, facts)
        ends[i] = inside(client).settings.clock() - started
      end
    end
    for _, result in ipairs(together(client, functions)) do
      assert.is_true(result[1], tostring(result[2]))
    end
    for i = 1, 6 do assert.is_true(ends[i] >= 20, i .. " did not wait: " .. ends[i]) end
    assert.equal(1, #named "throttled")
    assert.equal(7, box:stats().total)
  end)

  it("does not hold one client back for another's refusal", function()
    local one, other = new_client(), new_client()
    fail { match = "licenses", status = 429, retry_after = "20", times = 1 }
    local slow = one:with { retries = 0 }
    assert.equal("throttled", select(2, deployment(slow)).kind)
    assert(deployment(other))
    assert.equal(0, skipped)
    assert(deployment(slow))
    assert.is_true(skipped >= 19)
  end)

  it("tells listeners, and those who watch a run", function()
    local client = new_client { concurrency = 16 }
    fail { match = "licenses", status = 429, retry_after = "20", times = 1 }
    local told = {}
    for _, page, err in client:map({ 1, 2, 3 }, function() return deployment(client) end, {
      concurrency = 1,
      on_progress = function(done, _, _, throttled) told[#told + 1] = { done, throttled } end,
    }) do assert(page, err) end
    local event = named "throttled"[1]
    assert.equal(20, event.retry_after)
    assert.equal(8, event.concurrency)
    assert.truthy(partnercenter.is_guid(event.request_id))
    assert.same({ 0, true }, told[1])
    assert.equal(3, told[#told][1])
  end)

  it("reports no requests per minute above the bound", function()
    local client = new_client { requests_per_minute = 120 }
    local started = inside(client).settings.clock()
    for _, page, err in client:map((function()
      local list = {}
      for i = 1, 150 do list[i] = i end
      return list
    end)(), function() return deployment(client) end) do assert(page, err) end
    local seconds = inside(client).settings.clock() - started
    assert.is_true(seconds >= 73 and seconds < 80 * PATIENCE, "took " .. seconds)
  end)

  it("finishes at the quota's pace with almost no refusal", function()
    box:control { quota = 60, quota_window = 1 }
    local client = new_client { clock = core.now }
    inside(client).dispatcher.step = nil -- this one waits
    local list = {}
    for i = 1, 180 do list[i] = i end
    local started, count = core.now(), 0
    for _, page, err in client:map(list, function() return deployment(client) end,
      { concurrency = 6 }) do
      assert(page, err)
      count = count + 1
    end
    local seconds = core.now() - started
    assert.equal(180, count)
    local refused = box:stats().statuses["429"] or 0
    -- Windows of one second are announced as one or two.
    assert.is_true(seconds < 180 / 60 * 2 * PATIENCE, "took " .. seconds)
    assert.is_true(refused <= 18, refused .. " refused")
  end)

  it("finishes even where a refusal announces nothing", function()
    box:control { quota = 100, quota_window = 60, retry_after = "none" }
    local client = new_client { retries = 20 }
    local list = {}
    for i = 1, 110 do list[i] = i end
    -- The sandbox's window passes in real time: the quota is lifted instead.
    local lifted = false
    local count = 0
    for _, page, err in client:map(list, function() return deployment(client) end) do
      assert(page, err)
      count = count + 1
      if count == 100 and not lifted then
        lifted = true
        box:control { quota = 0 }
      end
    end
    assert.equal(110, count)
  end)

  describe("places", function()
    it("are given first come, first served", function()
      local client = new_client { concurrency = 1, clock = core.now }
      inside(client).dispatcher.step = nil
      box:control { latency = 10 }
      local order, functions = {}, {}
      for i = 1, 12 do
        functions[i] = function()
          assert(deployment(client))
          order[#order + 1] = i
        end
      end
      for _, result in ipairs(together(client, functions)) do assert.is_true(result[1]) end
      assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, order)
      assert.equal(1, box:stats().max_concurrent)
    end)

    it("are free again when a waiting call is dropped", function()
      local client = new_client { concurrency = 1, clock = core.now }
      inside(client).dispatcher.step = nil
      box:control { latency = 100 }
      local driver = inside(client).dispatcher:driver()
      local first = driver:spawn(function() deployment(client) end, function() end)
      local second = driver:spawn(function() deployment(client) end, function() end)
      inside(client).dispatcher:sleep(0.02)
      driver:cancel(first)
      driver:cancel(second)
      first, second = nil, nil -- luacheck: ignore
      collectgarbage()
      local started = core.now()
      assert(deployment(client))
      assert.is_true(core.now() - started < 2 * PATIENCE)
    end)

    it("are waited for again when others took them while the token was got", function()
      local client = new_client {
        concurrency = 2, clock = core.now, authority = box.authority,
        credentials = partnercenter.credentials.refresh_token {
          tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
          refresh_token = box.refresh_token,
        },
      }
      inside(client).dispatcher.step = nil
      -- The request for the token takes one of the two places, so that all three
      -- find one free and wait for the token.
      fail { match = "licenses", times = 2, delay = 1 }
      local hasty = client:with { deadline = 0.5 }
      local results = together(client, {
        function() return deployment(client) end,
        function() return deployment(client) end,
        function() return deployment(hasty) end,
      })
      assert.is_table(results[1][2])
      assert.is_table(results[2][2])
      assert.equal("timeout", results[3][3].kind)
      assert.equal(0, results[3][3].attempts)
    end)

    it("are waited for no longer than the client is open", function()
      local client = new_client { concurrency = 1, clock = core.now }
      inside(client).dispatcher.step = nil
      fail { match = "licenses", times = 9, delay = 30 }
      local results = together(client, {
        function() return deployment(client) end,
        function() return deployment(client) end,
        function() return deployment(client) end,
        function() client:close() end,
      })
      for i = 1, 3 do assert.equal("cancelled", results[i][3].kind) end
    end)

    it("are waited for no longer than the deadline", function()
      local client = new_client { concurrency = 1, clock = core.now }
      inside(client).dispatcher.step = nil
      box:control { latency = 500 }
      local hasty = client:with { deadline = 0.1 }
      local results = together(client, {
        function() return deployment(client) end,
        function() return deployment(hasty) end,
      })
      assert.is_table(results[1][2])
      assert.equal("timeout", results[2][3].kind)
      assert.equal(1, box:stats().total)
    end)
  end)

  describe("a time that the service has announced", function()
    local function refuse(seconds)
      fail { match = "/deployment", times = 1, status = 429,
        headers = { ["Retry-After"] = ("%d"):format(seconds) } }
    end

    it("longer than max_retry_after ends the calls that follow at once, too", function()
      local client = new_client()
      refuse(86400)
      for _ = 1, 3 do
        local page, err = deployment(client)
        assert.is_nil(page)
        assert.equal("throttled", err.kind)
        assert.is_true(err.retry_after > 86390 and err.retry_after <= 86400)
      end
      assert.equal(1, box:stats().total)
      assert.is_true(skipped < 1)
    end)

    it("is waited for once it is no longer too long", function()
      local client = new_client()
      refuse(400)
      deployment(client)
      skipped = skipped + 200
      assert.truthy(deployment(client))
      assert.is_true(skipped >= 399)
    end)

    it("beyond the deadline ends a call at once, with its cause", function()
      local client = new_client()
      refuse(100)
      deployment(client:with { retries = 0 })
      local page, err = deployment(client:with { deadline = 5 })
      assert.is_nil(page)
      assert.equal("timeout", err.kind)
      assert.equal("throttled", err.cause.kind)
      assert.is_true(err.cause.retry_after > 90)
      assert.is_true(skipped < 1)
    end)

    it("ends those that wait for a place already", function()
      local client = new_client { concurrency = 1 }
      refuse(86400)
      local kinds = {}
      for _, page, err in client:map({ 1, 2, 3, 4 }, function() return deployment(client) end) do
        kinds[#kinds + 1] = page or err.kind
      end
      assert.same({ "throttled", "throttled", "throttled", "throttled" }, kinds)
    end)
  end)

  it("gives all pages of all() one deadline", function()
    box:control { latency = 100 }
    local client = clients.new { deadline = 0.6, clock = core.now }
    local started = core.now()
    local rows, err = client.customers:all { size = 1 }
    assert.is_nil(rows)
    assert.equal("timeout", err.kind)
    assert.is_true(core.now() - started < PATIENCE)
  end)
end)
