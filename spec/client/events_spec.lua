-- What listeners are told, enough to feed a metrics exporter.
local clients_of = require "spec.support.clients"
local core = require "partnercenter.core"
local inside = require "spec.support.inside"
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local PATIENCE = require "spec.support.patience"(20)

describe("on_event", function()
  local box, events
  local clients = clients_of(function()
    return box:client_options {
      random = function() return 0 end, time = function() return 1500000000 end,
      on_event = function(event) events[#events + 1] = event end,
    }
  end)

  setup(function() box = sandbox.start { customers = 40, page_size = 15 } end)
  teardown(function() box:stop() end)
  before_each(function()
    box:restore()
    events = {}
  end)
  after_each(clients.close)

  local new_client = clients.new

  local function deployment(client)
    return client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
  end

  local function names()
    local list = {}
    for i, event in ipairs(events) do list[i] = event.name end
    return table.concat(list, " ")
  end

  it("tells each request and its response", function()
    local client = new_client()
    local page, facts = deployment(client)
    assert(page, facts)
    assert.equal("token request response page", names())
    local request, response = events[2], events[3]
    local url = box.base_url .. "/v1/customers/" .. CUSTOMER .. "/analytics/licenses/deployment"
    for _, event in ipairs { request, response } do
      assert.equal(1500000000, event.time)
      assert.equal("customers.analytics.licenses.deployment", event.resource)
      assert.equal(url, event.url)
      assert.equal(1, event.attempts)
      assert.equal(facts.request_id, event.request_id)
      assert.equal(facts.correlation_id, event.correlation_id)
    end
    assert.equal("GET", request.method)
    assert.equal(200, response.status)
    assert.is_nil(response.error)
    assert.equal(facts.ms_cv, response.ms_cv)
    local timings = response.timings
    assert.is_true(timings.bytes > 100)
    assert.is_true(timings.total >= timings.first_byte and timings.first_byte > 0)
    assert.equal("2", timings.http)
  end)

  it("tells whether the connection was there already", function()
    local client = new_client()
    assert(deployment(client))
    assert(deployment(client))
    local reused = {}
    for _, event in ipairs(events) do
      if event.name == "response" then reused[#reused + 1] = event.timings.reused end
    end
    assert.same({ false, true }, reused)
  end)

  it("tells tries, and why", function()
    local client = new_client()
    box:control { faults = {
      { match = "licenses", status = 503, times = 1 },
      { match = "licenses", close = 10, times = 1 },
    } }
    assert(deployment(client))
    assert.equal("token request response retry request response retry request response page",
      names())
    assert.equal(503, events[4].status)
    assert.equal("http", events[3].error)
    assert.equal("http", events[4].error)
    assert.equal(0, events[4].seconds)
    assert.equal(1, events[4].attempts)
    assert.equal("network", events[7].error)
    assert.equal(3, events[9].attempts)
    assert.equal(events[2].request_id, events[8].request_id)
  end)

  it("tells of an answer that ended without a status", function()
    local client = new_client { base_url = "https://127.0.0.1:1", retries = 0 }
    assert.is_nil((deployment(client)))
    assert.equal("token request response", names())
    assert.equal("network", events[3].error)
    assert.is_nil(events[3].status)
  end)

  it("tells of each page of a walk", function()
    local client = new_client()
    for _ in client.customers:each() do end
    local rows, pages = 0, 0
    for _, event in ipairs(events) do
      if event.name == "page" then
        pages, rows = pages + 1, rows + event.rows
        assert.equal(pages, event.page)
      end
    end
    assert.equal(3, pages)
    assert.equal(40, rows)
  end)

  it("holds no secret, nor anything that leads to one", function()
    local client = new_client()
    box:control { faults = { { match = "licenses", status = 400, body = box.token } } }
    assert.is_nil((deployment(client)))
    local function walk(value, seen)
      if type(value) == "string" then
        assert.is_nil(value:find(box.token, 1, true))
      elseif type(value) == "table" and not seen[value] then
        seen[value] = true
        for key, member in pairs(value) do
          walk(key, seen)
          walk(member, seen)
        end
      end
    end
    walk(events, {})
  end)

  it("that raises reaches the caller; the client goes on", function()
    for _, name in ipairs { "token", "request", "response", "page" } do
      local raise = true
      local client = new_client { on_event = function(event)
        if raise and event.name == name then error("mine: " .. name, 0) end
      end }
      local ok, err = pcall(deployment, client)
      assert.is_false(ok)
      assert.equal("mine: " .. name, err)
      raise = false
      assert(deployment(client))
      assert.equal(0, inside(client).dispatcher.session:running())
    end
  end)

  it("that raises in a walk loses no row and repeats none", function()
    local raise = false
    local client = new_client { on_event = function(event)
      if raise and (event.name == "page" or event.name == "response") then
        raise = false
        error("mine", 0)
      end
    end }
    local seen, tried, raised, count = {}, {}, 0, 0
    local next_row = client.customers:each()
    while true do
      raise = count % 15 == 0 and not tried[count]
      tried[count] = true
      local ok, row = pcall(next_row)
      if not ok then
        assert.equal("mine", row)
        raised = raised + 1
      elseif row == nil then
        break
      else
        assert.is_nil(seen[row.id])
        seen[row.id] = true
        count = count + 1
      end
    end
    assert.equal(40, count)
    assert.equal(2, raised)
  end)
end)

describe("deadline", function()
  local box

  setup(function() box = sandbox.start { customers = 40 } end)
  teardown(function() box:stop() end)
  before_each(function() box:restore() end)

  local function fails_within(seconds, options)
    local all = {
      credentials = partnercenter.credentials.token(box.token),
      base_url = box.base_url, ca_file = box.ca_file, deadline = 0.2,
    }
    for name, value in pairs(options or {}) do all[name] = value end
    local client = assert(partnercenter.new(all))
    local started = core.now()
    local page, err = client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
    local took = core.now() - started
    assert.is_nil(page)
    assert.is_true(took < seconds * PATIENCE, "took " .. took)
    assert.equal(0, inside(client).dispatcher.session:running())
    client:close()
    return err
  end

  it("lets nothing be sent once it has passed, whoever was slow", function()
    local wait
    local client = assert(partnercenter.new(box:client_options {
      credentials = partnercenter.credentials.token(box.token), deadline = 3,
      on_event = function(event)
        if event.name == "request" and wait then os.execute "sleep 3.1" end
      end,
    }))
    assert(client.customers:get()) -- so that there is a connection
    wait = true
    local before = box:stats().total
    local page, err = client.customers:get()
    client:close()
    assert.is_nil(page)
    assert.equal("timeout", err.kind)
    assert.equal(before, box:stats().total)
  end)

  it("ends a call whose headers do not come", function()
    box:control { latency = 3000 }
    assert.equal("timeout", fails_within(1).kind)
  end)

  it("ends a call whose body does not come", function()
    box:control { faults = { { match = "licenses", rate = 50 } } }
    assert.equal("timeout", fails_within(1).kind)
  end)

  it("ends a call that is tried again and again", function()
    box:control { faults = { { match = "licenses", status = 503, times = 1000 } } }
    local err = fails_within(1, { retries = 100, random = function() return 0.05 end })
    assert.equal("timeout", err.kind)
    assert.equal(503, err.cause.status)
    assert.is_true(err.attempts >= 2)
  end)

  it("ends a call that cannot sign in", function()
    box:control { token_latency = 3000 }
    local err = fails_within(1, {
      authority = box.authority,
      credentials = partnercenter.credentials.refresh_token {
        tenant = box.tenant, client_id = box.client_id, client_secret = box.client_secret,
        refresh_token = box.refresh_token,
      },
    })
    assert.equal("timeout", err.kind)
  end)
end)
