--- One sign-in for all workers of an nginx: credentials whose tokens are kept in
-- a shared dictionary.
--
-- The first worker that needs a token signs in while the others wait for it; a
-- renewal is made once, too, and a new refresh token reaches all of them. The
-- dictionary lives in the memory of this nginx alone, and any Lua code in there
-- can read it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.token_cache

local check = require("partnercenter.util").check
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local protect = require("partnercenter.util").protect
local provider = require("partnercenter.sign_in").provider
local wire = require("partnercenter.util").wire

-- Seconds that one worker may take to sign in before another one tries.
local LOCK = 60
-- Seconds between two looks at the lock, first and at most.
local FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.2
-- Seconds before its end that a token is renewed; at most half its life.
local MARGIN = 300
-- Seconds for which a token is believed in when another one was just refused: all
-- of them may have been taken back.
local NEW = 10

local M = {}

local KNOWN = { dict = "string|table", credentials = provider.is, key = check.text }

-- The keys of one sign-in: tokens of another cloud or of another kind are others.
local function keys_of(self, context)
  local key = ("partnercenter:%s:%s:%s"):format(self.who, context.cloud.authority, self.name)
  return { token = key .. ":token", lock = key .. ":lock", refresh = key .. ":refresh" }
end

-- The token in the dictionary, unless it has to be renewed.
local function load(self, context)
  local kept = self.dict:get(context.keys.token)
  if not kept then return nil end
  local now = context.time()
  local stored, renew_at, ends, token = kept:match("^(%S+) (%S+) (%S+) (.*)$")
  if token == context.rejected or now >= wire.number(renew_at) then return nil end
  if context.rejected and now - wire.number(stored) > NEW then return nil end
  context.secret(token)
  return { access_token = token, expires_at = wire.number(ends) }
end

local function store(self, context, granted)
  local now, ends = context.time(), granted.expires_at
  if not ends or ends <= now then return end
  local renew_at = ends - math.min(MARGIN, (ends - now) / 2)
  self.dict:set(context.keys.token, ("%s %s %s %s"):format(wire.fixed(now, 3),
    wire.fixed(renew_at, 3), wire.fixed(ends, 3), granted.access_token), ends - now)
end

-- Only one's own: another worker may have taken over when this one took long.
local function unlock(self, context, owner)
  local key = context.keys.lock
  if owner and self.dict:get(key) == owner then self.dict:delete(key) end
end

-- True when locked; or a token that another worker got meanwhile; or an error.
local function lock(self, context)
  local state, owner = context.state, core.guid()
  unlock(self, context, state.token_lock) -- of a call that nginx dropped half-way
  state.token_lock = owner
  local pause, waited = FIRST_PAUSE, 0
  while true do
    local locked, why = self.dict:add(context.keys.lock, owner, LOCK)
    local granted = load(self, context)
    if granted then
      if locked then unlock(self, context, owner) end
      return nil, granted
    end
    if locked then return true end
    if why ~= "exists" then
      return nil, nil, errors.from_failure("config",
        "the dictionary of the token cache cannot be written: " .. tostring(why))
    end
    if waited >= 2 * LOCK or not context.sleep(pause) then
      return nil, nil, errors.from_failure("timeout", "another worker takes too long to sign in",
        { retryable = true })
    end
    waited, pause = waited + pause, math.min(pause * 2, LONGEST_PAUSE)
  end
end

-- What another worker was given is newer than what this one remembers, except
-- for a token that could not be handed over.
local function acquire_locked(self, context)
  local state = context.state
  if not self.inner.renews then return self.inner:acquire(context) end
  if not state.unsaved then
    state.refresh_token = self.dict:get(context.keys.refresh) or state.refresh_token
  end
  return self.inner:acquire(setmetatable({
    keep = function(token)
      self.dict:set(context.keys.refresh, token)
      return true
    end,
  }, { __index = context }))
end

local function finish(self, context, ok, granted, err)
  if ok and granted then store(self, context, granted) end
  unlock(self, context, context.state.token_lock)
  context.state.token_lock = nil
  if not ok then error(granted, 0) end
  return granted, err
end

local function acquire(self, given)
  local context = setmetatable({ keys = keys_of(self, given) }, { __index = given })
  local granted = load(self, context)
  if granted then return granted end
  local locked, found, err = lock(self, context)
  if not locked then return found, err end
  return finish(self, context, protect.call(acquire_locked, self, context))
end

--- Credentials that share their tokens with all workers.
-- @tparam table options
-- @tparam string|table options.dict the shared dictionary, or its name in
--   `lua_shared_dict`; 100 KiB are plenty
-- @tparam Provider options.credentials how to sign in, when it has to be
-- @tparam string options.key names the sign-in: clients with the same key, tenant,
--   application, cloud and way to sign in share their tokens, so there is one for
--   each user that signs in
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
-- @usage
-- credentials = require("partnercenter.ngx.token_cache").wrap {
--   dict = "tokens", key = "gateway",
--   credentials = partnercenter.credentials.refresh_token { … },
-- }
function M.wrap(options)
  local o = check.options("token_cache.wrap", options, KNOWN)
  for _, name in ipairs { "dict", "credentials", "key" } do
    if o[name] == nil then error("token_cache.wrap needs the option '" .. name .. "'", 2) end
  end
  local dict = type(o.dict) == "table" and o.dict or ngx.shared[o.dict]
  if not dict then
    error(("token_cache.wrap needs 'lua_shared_dict %s 1m;' in nginx.conf"):format(o.dict), 2)
  end
  local inner = o.credentials
  local who = table.concat(provider.identity(inner), ":")
  local self = { dict = dict, inner = inner, name = o.key, who = who }
  return provider.new({
    name = inner.name, app_only = inner.app_only,
    tenant = inner.tenant, client_id = inner.client_id, digest = inner.digest,
  }, function(context) return acquire(self, context) end)
end

return M
