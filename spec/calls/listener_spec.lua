-- Listeners that make calls themselves, and leave them half read.
local clients_of = require "spec.support.clients"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

describe("a listener that leaves a map half read", function()
  local box, ids
  local listen
  local clients = clients_of(function()
    return box:client_options {
      random = function() return 0 end,
      on_event = function(event) if listen then listen(event) end end,
    }
  end)

  setup(function()
    box = sandbox.start { customers = 12 }
    ids = {}
    for id in box:get("/v1/customers?size=12"):gmatch('"id": ?"([%x-]+)"') do ids[#ids + 1] = id end
  end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    listen = nil
  end)
  after_each(clients.close)

  local function deployment(client, id)
    return client.customers:by_id(id).analytics.licenses.deployment:get()
  end

  -- What takes one result of a map within the first event of a name, and then leaves it.
  local function leaver(client, name, leave)
    local left = 0
    return function(event)
      if event.name ~= name or left > 0 then return end
      left = 1
      for _, page, err in client():map(ids, function(id) return deployment(client(), id) end) do
        assert(page, err)
        left = left + 1
        leave()
        if left > 1 then break end
      end
    end, function() return left end
  end

  local WAYS = {
    { "by break", function() end, true },
    { "by an error", function() error("mine", 0) end, false },
  }

  for _, name in ipairs { "token", "request", "response", "page" } do
    for _, way in ipairs(WAYS) do
      local left, leave, whole = way[1], way[2], way[3]
      for _, concurrency in ipairs { false, 1 } do
        local places = concurrency and "with one place" or "with many places"
        -- With one place a call waits for those of the map, which nobody goes on with.
        it(("at '%s' %s keeps no call from its end, %s"):format(name, left, places), function()
          local client
          local count
          listen, count = leaver(function() return client end, name, leave)
          client = clients.new { concurrency = concurrency or nil, deadline = 20 }
          local ok, page, err = pcall(deployment, client, ids[1])
          assert.equal(2, count())
          assert.equal(whole, ok)
          if ok then assert.is_table(page and page.items, tostring(err)) end
          if not ok then assert.equal("mine", page) end
          -- The client goes on, and what was left comes to rest by itself.
          for _ = 1, 2 do assert(deployment(client, ids[2])) end
          local session = inside(client).dispatcher.session
          for _ = 1, 3 do collectgarbage() end
          assert(deployment(client, ids[3]))
          assert.equal(0, session:running())
        end)
      end
    end
  end

  -- In 5.1 a loop by for holds up whatever called it: a call that is made beside such tasks
  -- gets its token in a task of its own, and they wait for that one.
  it("and goes on with it loses nothing to a call that got a new token meanwhile", function()
    local client, iterate, results
    local now = 1500000000
    local function take()
      local key, rows, err = iterate()
      if key then results[key] = rows or tostring(err) end
      return key
    end
    listen = function(event)
      if event.name ~= "page" then return end
      listen, results = nil, {}
      iterate = client:map(ids, function()
        local rows = 0
        for _ in client.customers:each { size = 5 } do rows = rows + 1 end
        return rows
      end, { concurrency = 2 })
      for _ = 1, 2 do take() end -- so that the next one has not begun yet
    end
    client = clients.new {
      deadline = 20, authority = box.authority, time = function() return now end,
      credentials = partnercenter.credentials.refresh_token {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
        refresh_token = box.refresh_token,
      },
    }
    assert(deployment(client, ids[1]))
    now = now + 24 * 3600 -- its token has ended
    assert(deployment(client, ids[2]))
    while take() do end
    for _, id in ipairs(ids) do assert.equal(#ids, results[id]) end
    assert.equal(2, box:stats().token_requests)
  end)
end)
