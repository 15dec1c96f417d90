-- What bench/instructions.lua counts of this module: so many rounds of one thing, in a
-- process of its own.
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

local what, base_url, ca_file = arg[1], arg[2], arg[3]
local rounds = tonumber(arg[#arg])

local CALLS = { sequential = true, map = true, long = true }

local function partner_with(credentials)
  return assert(partnercenter.new {
    credentials = credentials, base_url = base_url, authority = base_url, ca_file = ca_file,
  })
end

local function insights(partner, customer)
  return partner.customers:by_id(customer).analytics.licenses.deployment
end

local function read_text(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Each is called with the words behind the CA's file, and gives what makes a round, or
-- makes all of them itself.
local ways = {}

function ways.decode(path)
  local text = read_text(path)
  return function() return core.decode(text) end
end

function ways.cjson(path)
  local text, decode = read_text(path), require("cjson").decode
  return function() return decode(text) end
end

function ways.get(token, customer)
  local resource = insights(partner_with(partnercenter.credentials.token(token)), customer)
  return function() assert(resource:get()) end
end

function ways.each(token, customer)
  local resource = insights(partner_with(partnercenter.credentials.token(token)), customer)
  return function()
    local count = 0
    for row in resource:each() do
      if row then count = count + 1 end
    end
    assert(count > 1)
  end
end

-- As a program does that asks for one customer after the other.
function ways.sequential(token, customer)
  local partner = partner_with(partnercenter.credentials.token(token))
  return function() assert(insights(partner, customer):get()) end
end

function ways.long(tenant, client_id, client_secret, refresh_token, customer)
  local partner = partner_with(partnercenter.credentials.refresh_token {
    tenant = tenant, client_id = client_id, client_secret = client_secret,
    refresh_token = refresh_token, on_rotate = function() return true end,
  })
  return function() assert(insights(partner, customer):get()) end
end

function ways.map(token, customer)
  local partner = partner_with(partnercenter.credentials.token(token))
  local customers = {}
  for i = 1, rounds do customers[i] = customer end
  for _, page, err in partner:map(customers, function(id)
    return insights(partner, id):get()
  end) do
    assert(page, err)
  end
end

local round = ways[what]((table.unpack or unpack)(arg, 4, #arg - 1))
-- The collector's work on tables is the same for all that make them, and comes when it
-- likes: among a few pages it would be chance that is counted.
if not CALLS[what] then collectgarbage "stop" end
for _ = 1, round and rounds or 0 do round() end
