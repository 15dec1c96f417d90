--- The device code flow (RFC 8628): a person opens a page anywhere and types a
-- code.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.device_code

local check = require("partnercenter.util").check
local endpoint = require "partnercenter.sign_in.token_endpoint"
local errors = require "partnercenter.errors"
local text = require("partnercenter.util").text
local wire = require("partnercenter.util").wire

-- Seconds, where the answer gives none; RFC 8628, section 3.2.
local INTERVAL, LIFETIME = 5, 900
-- RFC 8628, section 3.5.
local SLOW_DOWN = 5
-- Between two polls at most: a person should not wait longer for nothing.
local LONGEST_INTERVAL = 60

local LONGEST_MESSAGE = 800  -- bytes

local GRANT = "urn:ietf:params:oauth:grant-type:device_code"

local M = {}

local function number_or(value, default)
  value = type(value) == "number" and value or wire.number(value)
  return value and value > 0 and value < math.huge and value or default
end

local function read_device(answer, now)
  local function line(name)
    local value = type(answer) == "table" and answer[name]
    return check.text(value) and text.line(value, LONGEST_MESSAGE) or nil
  end
  local code, uri = line("user_code"), line("verification_uri") or line("verification_url")
  local device_code = type(answer) == "table" and answer.device_code
  if not check.text(device_code) or not code or not uri then
    return nil, errors.from_failure("protocol",
      "the answer to the request for a device code has no code or no address in it")
  end
  local lifetime = number_or(answer.expires_in, LIFETIME)
  local message = type(answer.message) == "string" and text.line(answer.message, LONGEST_MESSAGE)
  if not message or message == "" then
    message = ("To sign in, open %s and enter the code %s."):format(uri, code)
  end
  local interval = number_or(answer.interval, INTERVAL)
  return {
    code = device_code, message = message, interval = math.min(interval, LONGEST_INTERVAL),
    ends = now + lifetime,
    details = { user_code = code, verification_uri = uri, expires_in = lifetime,
      interval = interval, message = message },
  }
end

-- Ask for a code and show it; on_prompt may decline.
local function start(context, options)
  local url = endpoint.address(context.cloud.authority, options, "devicecode")
  local form = {
    { "client_id", options.client_id },
    endpoint.audience(context.cloud, options, true),
  }
  if options.claims then form[#form + 1] = { "claims", options.claims } end
  local answer, err = context.post(url, form)
  if answer == nil then return nil, err end
  err = endpoint.refusal(context, answer)
  if err then return nil, err end
  local device
  device, err = read_device(answer, context.now())
  if not device then return nil, err end
  context.secret(device.code)
  device.message, device.details = context.mask(device.message), context.mask(device.details)
  local go, why = options.on_prompt(device.message, device.details)
  if go == false or (go == nil and why ~= nil) then
    if errors.is(why) then return nil, why end
    return nil, endpoint.sign_in_error(why ~= nil and endpoint.reason(context, why)
      or "a person has to sign in, and on_prompt declined to ask")
  end
  return device
end

-- One look whether the person is done: what was granted, or false to go on
-- waiting, or nil and an error.
local function look(context, options, device)
  local granted, err = endpoint.grant(context, options, {
    { "grant_type", GRANT }, { "device_code", device.code },
  })
  if granted then return granted end
  if err.error == "authorization_pending" then return false end
  if err.error == "slow_down" then
    device.interval = device.interval + SLOW_DOWN
    return false
  end
  -- A hiccup of the network must not cost the person's work.
  if not err.retryable then return nil, err end
  device.interval = math.min(device.interval * 2, LONGEST_INTERVAL)
  return false
end

--- Signs in by a device code. When a caller's deadline ends the wait, the next
-- call goes on with the same code.
-- @tparam table context
-- @tparam table options `on_prompt`, `client_id`, `tenant`, `scope`, `claims`
-- @treturn[1] table what was granted
-- @treturn[2] nil
-- @treturn[2] Error
function M.sign_in(context, options)
  local state = context.state
  local device = state.device
  if not device or context.now() >= device.ends then
    local why
    device, why = start(context, options)
    if not device then return nil, why end
    state.device = device
  end
  while context.now() + device.interval < device.ends do
    if not context.sleep(device.interval) then
      return nil, errors.from_failure("timeout", "the deadline comes before the person has "
        .. "signed in; the next call goes on waiting")
    end
    local granted, err = look(context, options, device)
    if granted ~= false then
      state.device = nil
      return granted, err
    end
  end
  state.device = nil
  return nil, endpoint.sign_in_error(
    "nobody signed in while the device code was good; start the sign-in again")
end

return M
