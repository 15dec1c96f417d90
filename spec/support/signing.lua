-- Clients that sign in at the sandbox, and a clock for them.
--
--   local world = signing.world { customers = 500 }
--   setup(world.start) teardown(world.stop)
--   before_each(world.reset) after_each(world.close)
--   world.box, world.now, world.events, world.new(provider, options), ...
local partnercenter = require "partnercenter"
local sandbox = require "spec.support.sandbox"

local credentials = partnercenter.credentials

local M = {}

-- The text of everything that can be reached from a value, by pairs and by
-- tostring.
function M.dump(value, seen)
  if type(value) ~= "table" then return tostring(value) end
  seen = seen or {}
  if seen[value] then return "" end
  seen[value] = true
  local parts = { tostring(value) }
  for key, member in pairs(value) do
    parts[#parts + 1] = M.dump(key, seen)
    parts[#parts + 1] = M.dump(member, seen)
  end
  return table.concat(parts, "\n")
end

-- None of the secrets is in the text, nor any token that the sandbox issues.
function M.check_hidden(text, secrets)
  for _, secret in ipairs(secrets) do
    assert(not text:find(secret, 1, true), "shown: " .. secret)
  end
  local token = text:match("eyJ[%w_-]+%.[%w_-]+%.[%w_-]+") or text:match("0%.A[QX]%.%x+")
  assert(not token, token)
end

-- One call that needs a signed-in user.
function M.call(client)
  return client.analytics.licenses.deployment:get()
end

local function extend(all, more)
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function add_clients(world)
  local clients = {}

  function world.close()
    for _, client in ipairs(clients) do client:close() end
    clients = {}
  end

  function world.new(provider, more)
    local box = world.box
    local client = assert(partnercenter.new(extend({
      credentials = provider, base_url = box.base_url, authority = box.authority,
      ca_file = box.ca_file, concurrency = 64,
      time = function() return world.now end, random = function() return 0 end,
      on_event = function(event) world.events[#world.events + 1] = event end,
    }, more)))
    clients[#clients + 1] = client
    return client
  end
end

function M.world(options)
  local world = {}
  add_clients(world)

  function world.start() world.box = sandbox.start(options) end
  function world.stop() world.box:stop() end

  function world.reset()
    world.box:reset()
    world.events, world.now = {}, os.time()
  end

  -- The options of the sandbox's application.
  function world.known(more)
    return extend({ tenant = world.box.tenant, client_id = world.box.client_id }, more)
  end

  function world.refreshing(more)
    return credentials.refresh_token(world.known(extend({
      client_secret = world.box.client_secret, refresh_token = world.box.refresh_token,
    }, more)))
  end

  function world.token_requests() return world.box:stats().token_requests end

  return world
end

return M
