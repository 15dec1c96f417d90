-- The same work for many things, side by side, against the sandbox.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local IS_51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
local IS_54 = _VERSION == "Lua 5.4"
local PATIENCE = require "spec.support.patience"(20)

describe("partnercenter.map", function()
  local box
  local clients = clients_of(function()
    return box:client_options { random = function() return 0 end }
  end)

  setup(function() box = sandbox.start { customers = 60, page_size = 25 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)
  after_each(clients.close)

  local new_client = clients.new

  local function deployment(client, id)
    return client.customers:by_id(id).analytics.licenses.deployment:get()
  end

  local function ids_of(client, count)
    local ids = {}
    for row in client.customers:each() do
      if #ids < count then ids[#ids + 1] = row.id end
    end
    return ids
  end

  -- Waits that need no network: a task sleeps on the client's clock.
  local function sleeper(client)
    return function(seconds)
      inside(client).dispatcher:sleep(seconds)
      return seconds
    end
  end

  describe("results", function()
    it("come for every element of an array, with the element as key", function()
      local client = new_client()
      local ids, seen, count = ids_of(client, 60), {}, 0
      for id, page, facts in client:map(ids, function(id) return deployment(client, id) end) do
        assert.is_nil(seen[id])
        seen[id] = true
        count = count + 1
        assert.is_table(page.items)
        assert.equal(200, facts.status)
      end
      assert.equal(60, count)
    end)

    it("come for every element of an iterator that waits itself", function()
      local client = new_client()
      local seen, count = {}, 0
      for customer, page in client:map(client.customers:each(), function(customer)
        return deployment(client, customer.id)
      end) do
        assert.is_nil(seen[customer.id])
        seen[customer.id] = true
        count = count + 1
        assert.is_table(page.items)
      end
      assert.equal(60, count)
    end)

    it("come as they are complete", function()
      local client, order = new_client(), {}
      for seconds in client:map({ 0.09, 0.03, 0.06 }, sleeper(client)) do
        order[#order + 1] = seconds
      end
      assert.same({ 0.03, 0.06, 0.09 }, order)
    end)

    it("keep all values, false and nil among them", function()
      local client = new_client()
      local function several() return nil, false, 3, nil end
      local step = client:map({ "x" }, several)
      local results = { n = 0 }
      local function note(...) results = { n = select("#", ...), ... } end
      note(step())
      assert.equal(5, results.n)
      assert.same({ n = 5, "x", nil, false, 3, nil }, results)
      assert.is_nil((step()))
    end)

    it("give the function all that an iterator gives", function()
      local client, pages = new_client(), 0
      for page, rows, status in client:map(client.customers:pages(), function(page, facts)
        return #page.items, facts.status
      end) do
        pages = pages + 1
        assert.equal(#page.items, rows)
        assert.equal(200, status)
      end
      assert.equal(3, pages)
    end)

    it("of nothing are nothing", function()
      local client = new_client()
      for _ in client:map({}, error) do error("never") end
      for _ in client:map(function() return nil end, error) do error("never") end
    end)
  end)

  describe("errors", function()
    it("of one function are that element's result, not the end", function()
      local client, results = new_client(), {}
      local mine = errors.from_failure("config", "mine")
      for key, value, err in client:map({ "good", "text", "object", "late" }, function(key)
        if key == "text" then error("a text", 0) end
        if key == "object" then error(mine) end
        if key == "late" then
          inside(client).dispatcher:sleep(0.01)
          error("late", 0)
        end
        return key
      end) do results[key] = { value, err } end
      assert.same({ "good" }, results.good)
      assert.same({ nil, "a text" }, results.text)
      assert.equal(mine, results.object[2])
      assert.same({ nil, "late" }, results.late)
    end)

    it("of calls come as nil and the error object", function()
      local client = new_client()
      box:control { faults = { { match = "licenses/deployment", error = "no_relationship" } } }
      local failed, fine = 0, 0
      for _, page, err in client:map(ids_of(client, 5), function(id)
        return deployment(client, id)
      end) do
        if page then fine = fine + 1 end
        if err and err.kind then failed = failed + 1 end
      end
      assert.equal(4, fine)
      assert.equal(1, failed)
    end)

    it("of the input are raised after the results", function()
      local client, given = new_client(), 0
      box:control { faults = { { match = "/v1/customers", skip = 1, status = 400, times = 9 } } }
      local step = client:map(client.customers:each(), function(row) return row.id end)
      local ok, err = pcall(function()
        while step() do given = given + 1 end
      end)
      assert.is_false(ok)
      assert.equal("http", err.kind)
      assert.equal(25, given)
      assert.is_nil((step()))
    end)

    it("of the caller are raised at once, at the caller's line", function()
      local client = new_client()
      local function raises(words, f)
        local ok, err = pcall(f)
        assert.is_false(ok)
        assert.truthy(err:find("map_spec.lua", 1, true), err)
        assert.truthy(err:find(words, 1, true), err)
      end
      raises("an array or an iterator is due", function() client:map(7, print) end)
      raises("a function is due", function() client:map({}, 7) end)
      raises("concurrency", function() client:map({}, print, { concurrency = 0 }) end)
      raises("did you mean 'on_progress'", function()
        client:map({}, print, { on_progres = print })
      end)
    end)
  end)

  describe("concurrency", function()
    for _, limit in ipairs { 1, 3, 10 } do
      it("is at most " .. limit .. " elements, and reaches them", function()
        local client = new_client()
        local now, most, list = 0, 0, {}
        for i = 1, 40 do list[i] = i end
        for _ in client:map(list, function()
          now = now + 1
          most = math.max(most, now)
          inside(client).dispatcher:sleep(0.001)
          now = now - 1
        end, { concurrency = limit }) do end
        assert.equal(limit, most)
      end)
    end

    it("of the client bounds the calls, whoever makes them", function()
      local client = new_client { concurrency = 3 }
      box:reset()
      box:control { latency = 20 }
      local ids = ids_of(client, 20)
      for _, page in client:map({ 1, 2, 3, 4 }, function(part)
        local own = {}
        for i = part, #ids, 4 do own[#own + 1] = ids[i] end
        local count = 0
        local step = client:map(own, function(id) return deployment(client, id) end,
          { concurrency = 3 })
        while true do
          local id, answer = step()
          if not id then return count end
          assert(answer)
          count = count + 1
        end
      end) do assert.equal(5, page) end
      assert.equal(3, box:stats().max_concurrent)
    end)

    it("beyond the client's is refused, with both numbers", function()
      local client = new_client { concurrency = 3 }
      local ok, err = pcall(client.map, client, { 1 }, print, { concurrency = 10 })
      assert.is_false(ok)
      assert.matches("'concurrency' of map is 10, but the client was made for 3", err, 1, true)
      assert.truthy(client:map({ 1 }, print, { concurrency = 3 }))
    end)

    for _, c in ipairs {
      { "16 where nobody says", nil, nil, 16 },
      { "what is asked for", 50, nil, 50 },
      { "no more than the client's", nil, 5, 5 },
    } do
      it("is " .. c[1], function()
        local client = new_client { concurrency = c[3] }
        box:reset()
        box:control { latency = 200 }
        local ids = ids_of(client, 60)
        for _, page, err in client:map(ids, function(id) return deployment(client, id) end,
          { concurrency = c[2] }) do
          assert(page, err)
        end
        assert.equal(c[4], box:stats().max_concurrent)
      end)
    end

    it("of one lets a walk and its calls take turns", function()
      local client, count = new_client { concurrency = 1 }, 0
      for _, page in client:map(client.customers:each(), function(customer)
        return deployment(client, customer.id)
      end) do
        assert.is_table(page)
        count = count + 1
      end
      assert.equal(60, count)
    end)

    it("takes input only as fast as results are taken", function()
      local client, taken = new_client(), 0
      local step = client:map(function()
        taken = taken + 1
        return taken
      end, function(i) return i end, { concurrency = 4 })
      for i = 1, 50 do
        step()
        assert.is_true(taken <= i + 9, taken .. " after " .. i)
      end
    end)
  end)

  describe("progress", function()
    it("is told after each result", function()
      local client, told = new_client(), {}
      for _ in client:map({ 1, 2, 3 }, function() end, { concurrency = 1,
        on_progress = function(...) told[#told + 1] = { ... } end }) do end
      assert.same({ { 1, 3, 0, false }, { 2, 3, 0, false }, { 3, 3, 0, false } },
        { { told[1][1], told[1][2], 0, told[1][4] }, { told[2][1], told[2][2], 0, told[2][4] },
          { told[3][1], told[3][2], 0, told[3][4] } })
    end)

    it("knows no total of an iterator", function()
      local client, total = new_client(), "none"
      for _ in client:map(client.customers:each(), function() end,
        { on_progress = function(_, all) total = all end }) do end
      assert.is_nil(total)
    end)

    it("that raises reaches the caller, and loses no result", function()
      local client, raised, results = new_client(), 0, 0
      local step = client:map({ 1, 2, 3 }, function(i) return i end, {
        on_progress = function(done)
          if done == 3 and raised == 0 then
            raised = 1
            error("mine", 0)
          end
        end })
      while true do
        local ok, key = pcall(step)
        if ok and not key then break end
        if ok then results = results + 1 end
      end
      assert.equal(1, raised)
      assert.equal(3, results)
    end)
  end)

  describe("an end before the end", function()
    local function start(client, count)
      box:control { latency = 2000 }
      local list = {}
      for i = 1, count do list[i] = i end
      local iterate, _, _, closer = client:map(list, function(i)
        if i == 1 then return "first" end
        return deployment(client, box.customer_id)
      end)
      assert.equal(1, (iterate()))
      return iterate, closer
    end

    it("cancels what is under way by close", function()
      local client = new_client()
      local iterate, closer = start(client, 9)
      inside(client).dispatcher:sleep(0.05)
      assert.equal(8, inside(client).dispatcher.session:running())
      closer:close()
      assert.equal(0, inside(client).dispatcher.session:running())
      assert.is_nil((iterate()))
      closer:close()
    end)

    it("cancels what is under way by garbage collection", function()
      local client = new_client()
      start(client, 9)
      inside(client).dispatcher:sleep(0.05)
      assert.equal(8, inside(client).dispatcher.session:running())
      collectgarbage()
      collectgarbage()
      collectgarbage()
      assert.equal(0, inside(client).dispatcher.session:running())
    end)

    if IS_54 then
      it("cancels what is under way by leaving the loop", function()
        local client = new_client()
        box:control { latency = 2000 }
        for i in client:map({ 1, 2, 3 }, function(i)
          return i == 1 or deployment(client, box.customer_id)
        end) do
          assert.equal(1, i)
          inside(client).dispatcher:sleep(0.05)
          assert.equal(2, inside(client).dispatcher.session:running())
          if i then break end
        end
        assert.equal(0, inside(client).dispatcher.session:running())
      end)
    end

    it("by who is told of the progress ends the loop", function()
      local client = new_client()
      local results, closer, _ = 0, nil, nil
      local function leave(done)
        if done == 3 and results == 1 then closer:close() end
      end
      local iterate
      iterate, _, _, closer = client:map({ 1, 2, 3 }, function(i) return i end,
        { on_progress = leave })
      while iterate() do results = results + 1 end
      assert.equal(1, results)
    end)

    it("tells the server", function()
      local client = new_client()
      box:reset()
      local iterate, closer = start(client, 5)
      inside(client).dispatcher:sleep(0.3)
      closer:close()
      assert.is_nil((iterate()))
      local deadline = core.now() + 5 * PATIENCE
      repeat
        local stats = box:stats()
      until (stats.statuses["499"] or 0) == 4 or core.now() > deadline
      assert.equal(4, box:stats().statuses["499"])
    end)

    it("by a closed client gives every call that is under way the kind cancelled", function()
      local client = new_client()
      box:control { latency = 2000 }
      local kinds = {}
      local step = client:map({ 1, 2, 3, 4 }, function(i)
        if i == 1 then
          inside(client).dispatcher:sleep(0.05)
          client:close()
          return nil, { kind = "mine" }
        end
        return deployment(client, box.customer_id)
      end)
      local started = core.now()
      while true do
        local i, _, err = step()
        if not i then break end
        kinds[i] = err.kind
      end
      assert.same({ "mine", "cancelled", "cancelled", "cancelled" }, kinds)
      assert.is_true(core.now() - started < 1.5 * PATIENCE)
    end)
  end)

  describe("loops in PUC 5.1's terms", function()
    it("nest by for, in tasks that use for themselves", function()
      local client, total = new_client(), 0
      for _, count in client:map({ 1, 2, 3 }, function()
        local rows = 0
        for row in client.customers:each() do
          if row then rows = rows + 1 end
        end
        for _, page in client:map({ box.customer_id }, function(id)
          return deployment(client, id)
        end) do rows = rows + #page.items end
        return rows
      end) do total = total + count end
      assert.equal(3 * 63, total)
    end)

    it("sign in once, whoever comes first", function()
      box:reset()
      local client = new_client {
        authority = box.authority,
        credentials = partnercenter.credentials.refresh_token {
          tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
          refresh_token = box.refresh_token,
        },
      }
      local count = 0
      for _, rows in client:map({ 1, 2, 3, 4, 5, 6 }, function(i)
        local rows = 0
        if i % 2 == 0 then return #assert(client.customers:all()) end
        for _ in client.customers:each() do rows = rows + 1 end
        return rows
      end) do count = count + rows end
      assert.equal(6 * 60, count)
      assert.equal(1, box:stats().token_requests)
    end)

    it("wait in any coroutine when the iterator is called without arguments", function()
      local client = new_client()
      local other, worst = 0, 0
      local step = client:map({ 1, 2 }, function(i)
        if i == 1 then
          local next_row = client.customers:each()
          local rows = 0
          while next_row() do rows = rows + 1 end
          return rows
        end
        for _ = 1, 20 do
          inside(client).dispatcher:sleep(0.001)
          other = other + 1
        end
        worst = math.max(worst, other)
        return other
      end)
      assert.truthy((step()))
      assert.truthy((step()))
      assert.equal(20, worst)
    end)
  end)

  for asked, sent in pairs { [20] = 20, [false] = 8 } do
    it(("sends %d before the first answer, asked for %s"):format(sent, tostring(asked)), function()
      box:reset()
      box:control { latency = 300 }
      local first, answered, ids = 0, false, {}
      local client = new_client { on_event = function(event)
        answered = answered or event.name == "response"
        if event.name == "request" and not answered then first = first + 1 end
      end }
      for i = 1, 40 do ids[i] = i end
      for _, page, err in client:map(ids, function()
        return deployment(client, box.customer_id)
      end, { concurrency = asked or nil }) do assert(page, err) end
      box:reset()
      assert.equal(sent, first)
    end)
  end

  it("uses one connection for all, however often it falls idle", function()
    box:reset()
    local client, reused = new_client(), 0
    for _ = 1, 10 do
      for _, page, facts in client:map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
        return deployment(client, box.customer_id)
      end) do
        assert(page, facts)
        if facts.timings.reused then reused = reused + 1 end
      end
    end
    -- Those that wait for the first connection did not open it either.
    assert.is_true(reused >= 79 - 7, reused)
    local stats = box:stats()
    assert.equal(80, stats.total)
    assert.equal(1, stats.connections)
  end)

  it("keeps memory flat over a long input", function()
    local client = new_client()
    local count = IS_51 and 20000 or 50000
    local i, most, base = 0, 0, nil
    for _ in client:map(function()
      i = i + 1
      return i <= count and i or nil
    end, function(key) return { key } end) do
      if i % 5000 == 0 then
        collectgarbage()
        collectgarbage()
        local used = collectgarbage("count")
        base = base or used
        most = math.max(most, used - base)
      end
    end
    assert.is_true(most < 512, most .. " KiB more")
  end)
end)
