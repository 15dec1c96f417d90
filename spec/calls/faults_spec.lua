-- Every fault of the table: what the caller gets, within which time, and how
-- many requests were sent for it.
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local faults = require "spec.support.faults"
local faultserver = require "spec.support.faultserver"
local partnercenter = require "partnercenter"

local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local TOKEN = "t0ken-of-the-spec"
local SECRET = "s3cret~of/the=spec"
local REFRESH = "r3fresh.of-the+spec"
local PROXY = "http://spec-user:pr0xy%2Fp%40ss@127.0.0.1:"

-- Instrumented runs take their time; the bounds they are held to are wider.
local UNDER = (os.getenv "PC_UNDER" or "") ~= "" and 10 or 1
local PATIENCE = require "spec.support.patience"(10)

-- Every text in a value, keys included.
local function texts(value, list, seen)
  if type(value) == "string" then list[#list + 1] = value end
  if type(value) ~= "table" or seen[value] then return list end
  seen[value] = true
  for key, member in pairs(value) do
    texts(key, list, seen)
    texts(member, list, seen)
  end
  return list
end

local calls = {}

function calls.get(client)
  return client.customers:by_id(CUSTOMER).analytics.licenses.deployment:get()
end

calls.sign_in = calls.get

-- Each resource that gives rows; the answer of the last, or what went wrong.
function calls.every(client)
  local customer, analytics = client.customers:by_id(CUSTOMER), client.analytics
  local count, page, err
  for _, resource in ipairs {
    client.customers, customer.analytics.licenses.deployment, customer.analytics.licenses.usage,
    customer.subscribedskus, analytics.licenses.deployment, analytics.licenses.usage,
    analytics.commercial.deployment.license, analytics.commercial.usage.license,
    analytics.subscriptions, analytics.usage.azure, analytics.indirectresellers,
    analytics.referrals, analytics.search,
  } do
    page, err = resource:get()
    if not page then return nil, err end
    count = count or #page.items
    assert.equal(count, #page.items, tostring(resource))
  end
  return page
end

-- A GET, so that there is a connection, and something that must not be done twice.
function calls.change(client)
  local page, err = calls.get(client)
  if not page then return nil, err end
  -- A text, as it has to be where there is no lua-cjson.
  return client:request { method = "POST", path = "/v1/things", body = '{"name":"x"}' }:get()
end

function calls.all(client)
  return client.customers:all()
end

function calls.analytics(client)
  return client.analytics.commercial.deployment.license:all { filter = nil }
end

function calls.each(client)
  local rows = {}
  local ok, err = pcall(function()
    for row in client.customers:each() do rows[#rows + 1] = row end
  end)
  if ok then return rows end
  return nil, err, rows
end

function calls.clock(client, clock)
  local page, err = calls.get(client)
  for _, jump in ipairs { -365 * 86400, 2 * 365 * 86400 } do
    if not page then return nil, err end
    clock.offset = jump
    page, err = calls.get(client)
  end
  return page, err
end

describe("faults", function()
  local server

  setup(function() server = faultserver.start() end)
  teardown(function() server:stop() end)

  local function new_client(fault, clock, events)
    local url = server:url(fault.group == "Proxy" and "well" or fault.name)
    if fault.plain then url = url:gsub("^https", "http") end
    local patience = UNDER * (fault.hurry and 0.5 or 5)
    local options = {
      base_url = url, authority = url, ca_file = server.ca_file, retries = 1,
      timeout = patience, connect_timeout = patience, max_body = 1024 * 1024,
      random = function() return 0 end,
      time = function() return os.time() + clock.offset end,
      on_event = function(event) events[#events + 1] = event end,
      credentials = partnercenter.credentials.token(TOKEN),
    }
    if fault.call == "sign_in" or fault.call == "clock" then
      options.credentials = partnercenter.credentials.refresh_token {
        tenant = "contoso.onmicrosoft.com", client_id = CUSTOMER, client_secret = SECRET,
        refresh_token = REFRESH,
      }
    end
    if fault.group == "Proxy" then
      options.proxy = PROXY .. server.ports[fault.name]
      options.no_proxy = "x.invalid"
    end
    for name, value in pairs(fault.options or {}) do options[name] = value end
    return assert(partnercenter.new(options))
  end

  local function outcome(value, err)
    if value == nil then return err.kind end
    return #(value.items or value)
  end

  local function check_outcome(fault, value, err)
    local got = outcome(value, err)
    local why = tostring(err)
    if fault.gets_any then
      local fine = false
      for _, wanted in ipairs(fault.gets_any) do fine = fine or wanted == got end
      assert.is_true(fine, "got " .. tostring(got) .. ": " .. why)
    else
      assert.equal(fault.gets, got, why)
    end
    if value == nil then
      assert.is_true(errors.is(err))
      assert.is_nil(why:find("[%z\1-\31\127]"), why)
      assert.is_true(#why < 2000)
    end
    if fault.like then assert.truthy(why:find(fault.like), why) end
  end

  local function check_counts(fault, counts, rows)
    local own = counts[fault.name] or { request = 0, connection = 0 }
    assert.is_nil(own.broken)
    if fault.relay and fault.requests > 0 then own.request = counts[fault.relay.to].request end
    if fault.group == "Proxy" then
      assert.is_true(not own.tokens or own.tokens == 0, "the proxy has seen the token")
      own.request = counts.well and counts.well.request or 0
    end
    local least = fault.requests or fault.requests_least
    local most = fault.requests or fault.requests_most
    assert.is_true(own.request >= least and own.request <= most,
      own.request .. " requests were sent")
    if fault.connections then assert.equal(fault.connections, own.connection) end
    if fault.untouched then assert.is_nil(counts[fault.untouched]) end
    if fault.rows then assert.equal(fault.rows, #rows) end
  end

  local function check_secrets(...)
    for _, text in ipairs(texts({ ... }, {}, {})) do
      for _, secret in ipairs { TOKEN, SECRET, REFRESH, "s3cret%7Eof%2Fthe%3Dspec",
        "pr0xy/p@ss", "pr0xy%2Fp%40ss", "c3BlYy11c2VyOnByMHh5L3BAc3M" } do
        assert.is_nil(text:find(secret, 1, true), text)
      end
    end
  end

  it("are those that doc/faults.md shows", function()
    local file = assert(io.open "doc/faults.md")
    local text = file:read("*a")
    file:close()
    assert.is_true(text == require("tools.faults_doc")(faults), "run: make faults-doc")
  end)

  for _, fault in ipairs(faults) do
    it(fault.group .. ", " .. fault.name .. ": " .. fault.what, function()
      local clock, events = { offset = 0 }, {}
      local client = new_client(fault, clock, events)
      local mark, started = server:mark(), core.now()
      local value, err, rows = calls[fault.call](client, clock)
      local seconds = core.now() - started
      client:close()
      check_outcome(fault, value, err)
      check_counts(fault, server:since(mark), rows)
      assert.is_true(seconds <= fault.within * PATIENCE, "it took " .. seconds .. " s")
      if fault.check then fault.check(value, partnercenter) end
      check_secrets(err, tostring(err), tostring(client), events)
    end)
  end
end)
