--- Credentials that live on a refresh token, however the first one came.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.user

local endpoint = require "partnercenter.sign_in.token_endpoint"
local errors = require "partnercenter.errors"
local protect = require("partnercenter.util").protect
local provider = require "partnercenter.sign_in.provider"

-- Refusals after which only another sign-in helps.
local REFUSED = {
  invalid_grant = true, interaction_required = true, consent_required = true,
  login_required = true,
}

-- A token that could not be handed out before is worth this much more waiting.
local LEAST_LEFT = 60

-- Seconds between two looks at another client that signs in with the same
-- credentials, and for which it is waited for: it may have been given up.
local PAUSE, PATIENCE = 0.02, 10

-- Secrets that are remembered for the clients of one object of credentials.
local MAX_SECRETS = 64

local M = {}

-- What on_rotate says: false, or nil and a reason, means that the token is not safe.
-- Nothing returned is fine.
local function notify(on_rotate, token)
  -- What it raises must not end the call before the token is noted as unsaved;
  -- the price is that it cannot wait on PUC 5.1.
  local ok, result, why = pcall(on_rotate, token)
  if not ok then return nil, result end
  if result == false or (result == nil and why ~= nil) then return nil, why or "it gave false" end
  return true
end

-- Hands over a new refresh token. Until that worked nothing else is done.
local function hand_over(context, options)
  local state = context.state
  if not state.unsaved then return true end
  local ok, why, who = true, nil, "the token file"
  if context.keep then ok, why = context.keep(state.refresh_token) end
  if ok and options.on_rotate then
    who = "on_rotate"
    ok, why = notify(options.on_rotate, state.refresh_token)
  end
  if ok then
    state.unsaved = nil
    return true
  end
  why = endpoint.reason(context, errors.is(why) and why.message or why)
  return nil, endpoint.sign_in_error(("%s could not keep the new refresh token: %s; this client "
    .. "still has it and offers it again at the next call"):format(who, why))
end

-- What was granted may be used once its refresh token is safe.
local function accept(context, options, granted)
  local state = context.state
  local token = granted.refresh_token
  granted.refresh_token = nil
  if not token or token == state.refresh_token then return granted end
  state.refresh_token, state.unsaved = token, true
  local ok, err = hand_over(context, options)
  if ok then return granted end
  state.held = granted
  return nil, err
end

--- Exchanges a refresh token.
-- @tparam table context
-- @tparam table options
-- @tparam string token
-- @treturn[1] table what was granted
-- @treturn[2] nil
-- @treturn[2] Error
function M.redeem(context, options, token)
  context.secret(token)
  return endpoint.grant(context, options, {
    { "grant_type", "refresh_token" },
    { "refresh_token", token },
    endpoint.audience(context.cloud, options, true),
  })
end

-- The token of a call whose on_rotate failed, if it is still good.
local function take_held(context)
  local held = context.state.held
  context.state.held = nil
  if held and held.expires_at - context.time() > LEAST_LEFT then return held end
  return nil
end

--- A provider that lives on a refresh token.
-- @tparam string name
-- @tparam table options
-- @tparam function first gets the first token, or one in place of a refused
--   token: takes the context and the refusal (or nil), gives what was granted,
--   or nil and an error
-- @treturn Provider
function M.new(name, options, first)
  -- What all clients with these credentials know: the newest refresh token, and
  -- which of them signs in, until when at most, and the last secrets: those that are
  -- not used any more have to be masked all the same.
  local shared = { refresh_token = nil, owner = nil, ends = 0, secrets = {} }

  local function note(secret)
    local list = shared.secrets
    for _, known in ipairs(list) do
      if known == secret then return end
    end
    if #list >= MAX_SECRETS then table.remove(list, 1) end
    list[#list + 1] = secret
  end

  -- The same context, whose secrets all clients of these credentials learn.
  local function sharing(context)
    for _, secret in ipairs(shared.secrets) do context.secret(secret) end
    return setmetatable({
      secret = function(secret)
        context.secret(secret)
        note(secret)
      end,
    }, { __index = context })
  end

  local function sign_in(context)
    local state = context.state
    if state.refresh_token then context.secret(state.refresh_token) end
    local ok, err = hand_over(context, options)
    if not ok then return nil, err end
    local granted = take_held(context)
    if granted then return granted end
    -- Another client may have been given a newer one, which may have ended this. A
    -- file or a cache knows better, as it serves other processes, too.
    if shared.refresh_token and not context.keep then
      state.refresh_token = shared.refresh_token
    end
    if state.refresh_token then
      granted, err = M.redeem(context, options, state.refresh_token)
      if not granted and not (err.kind == "sign_in" and REFUSED[err.error]) then
        return nil, err
      end
    end
    if not granted then granted, err = first(context, err) end
    if not granted then return nil, err end
    shared.refresh_token = granted.refresh_token or shared.refresh_token
    return accept(context, options, granted)
  end

  local function finish(owner, ok, ...)
    if shared.owner == owner then shared.owner = nil end
    if not ok then error((...), 0) end
    return ...
  end

  local function acquire(context)
    while shared.owner and context.now() < shared.ends and context.sleep(PAUSE) do end
    local owner = {}
    shared.owner, shared.ends = owner, context.now() + PATIENCE
    return finish(owner, protect.call(sign_in, sharing(context)))
  end
  return provider.new({
    name = name, app_only = false, renews = true,
    tenant = options.tenant, client_id = options.client_id,
  }, acquire)
end

return M
