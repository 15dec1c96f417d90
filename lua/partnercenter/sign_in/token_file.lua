--- The refresh token kept in a file, so that scripts and processes share one
-- sign-in.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.token_file

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local options_of = require "partnercenter.sign_in.options"
local protect = require("partnercenter.util").protect
local provider = require "partnercenter.sign_in.provider"
local wire = require("partnercenter.util").wire

-- Seconds to wait for another process, which holds the lock while it signs in.
local PATIENCE = 60
-- Seconds between two looks at the lock, first and at most.
local FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1

local HEADING = "# A sign-in kept by partnercenter. Whoever reads it can act in your name.\n"

local M = {}

local function config_error(message)
  return errors.from_failure("config", message)
end

-- Entra compares both without letter case.
local function owner_of(inner)
  return wire.lower(inner.tenant), wire.lower(inner.client_id)
end

local function write(path, inner, token)
  local tenant, client_id = owner_of(inner)
  return core.file_write(path, ("%stenant=%s\nclient_id=%s\nrefresh_token=%s\n")
    :format(HEADING, tenant, client_id, token))
end

-- The token in the file's text; a file with nothing but a token is fine too.
local function parse(path, inner, content)
  local found = {}
  for name, value in content:gmatch("([%l_]+)=([^\r\n]*)") do found[name] = value end
  local tenant, client_id = owner_of(inner)
  if found.refresh_token and (found.tenant ~= tenant or found.client_id ~= client_id) then
    return nil, config_error(("the token file %s belongs to tenant %s, client %s, not to these "
      .. "credentials; use one file for each"):format(path, found.tenant or "(none)",
      found.client_id or "(none)"))
  end
  local token = options_of.clean_token(found.refresh_token or content)
  if not options_of.is_token(token) then
    return nil, config_error(("the token file %s has no refresh token in it; remove it and sign "
      .. "in again"):format(path))
  end
  return token
end

-- Under the lock: what another process has stored meanwhile is newer than what
-- is remembered, except for a token that could not be stored.
local function load(path, inner, state)
  if state.unsaved then return true end
  local content, why, missing = core.file_read(path)
  if not content then
    if missing then return true end
    return nil, config_error(("the token file %s cannot be used: %s"):format(path, why))
  end
  local token, err = parse(path, inner, content)
  if not token then return nil, err end
  state.refresh_token = token
  return true
end

-- The lock, waited for.
local function take_lock(path, context)
  local pause, waited = FIRST_PAUSE, 0
  while true do
    local lock, why = core.file_lock(path .. ".lock")
    if lock then return lock end
    if lock == nil then
      return nil, config_error(("the token file %s cannot be locked: %s"):format(path, why))
    end
    if waited >= PATIENCE or not context.sleep(pause) then
      return nil, errors.from_failure("timeout", ("somebody else holds the lock of the token file "
        .. "%s, perhaps to sign in"):format(path))
    end
    waited, pause = waited + pause, math.min(pause * 2, LONGEST_PAUSE)
  end
end

local function acquire_locked(path, inner, context)
  local ok, err = load(path, inner, context.state)
  if not ok then return nil, err end
  local function keep(token) return write(path, inner, token) end
  return inner:acquire(setmetatable({ keep = keep }, { __index = context }))
end

-- Lets go of the lock, whatever happened.
local function release(lock, ok, ...)
  lock:close()
  if not ok then error((...), 0) end
  return ...
end

--- A provider that keeps the refresh token of another one in a file.
-- @tparam string path
-- @tparam Provider inner
-- @treturn Provider
function M.new(path, inner)
  local function acquire(context)
    local state = context.state
    -- Of a call that was given up in the middle: it is no longer using it. Nor is
    -- it kept for it: once collected, it lets the others go on.
    state.locks = state.locks or setmetatable({}, { __mode = "v" })
    if state.locks[1] then state.locks[1]:close() end
    local lock, err = take_lock(path, context)
    if not lock then return nil, err end
    state.locks[1] = lock
    return release(lock, protect.call(acquire_locked, path, inner, context))
  end
  return provider.new({
    name = inner.name, app_only = inner.app_only,
    tenant = inner.tenant, client_id = inner.client_id,
  }, acquire)
end

return M
