--- Talking to Microsoft Entra: where, what is sent, and what the answer grants.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.sign_in.token_endpoint

local certificate = require "partnercenter.sign_in.certificate"
local check = require("partnercenter.util").check
local errors = require "partnercenter.errors"
local options_of = require "partnercenter.sign_in.options"
local text = require("partnercenter.util").text
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

-- Seconds. An answer that does not say how long its token lives: not for long.
local UNKNOWN_LIFETIME = 300
-- What was issued just now lives a while, whatever the clocks say.
local SHORTEST_LIFETIME = 60
-- No access token lives longer.
local LONGEST_LIFETIME = 86400

local ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

local M = {}

--- The address of one of the tenant's endpoints.
-- @tparam string authority
-- @tparam table options `tenant`, `version`
-- @tparam string name "token", "authorize" or "devicecode"
-- @treturn string
function M.address(authority, options, name)
  local path = options.version == 1 and "/oauth2/" or "/oauth2/v2.0/"
  return authority .. "/" .. options.tenant .. path .. name
end

--- The form field that says what the token is for.
-- @tparam table cloud `resource`, `scope`
-- @tparam table options `version`, `resource`, `scope`
-- @tparam boolean user for a signed-in user, who is to stay so
-- @treturn table name and value
function M.audience(cloud, options, user)
  if options.version == 1 then return { "resource", options.resource or cloud.resource } end
  if options.scope then return { "scope", options.scope } end
  -- Without offline_access no new refresh token is given.
  return { "scope", user and cloud.scope .. " offline_access" or cloud.resource .. "/.default" }
end

local function sign_in_error(message)
  return errors.from_failure("sign_in", message)
end
M.sign_in_error = sign_in_error

--- What a caller's function says of its failure, on one line. It may name a token,
-- which is masked before it is cut.
-- @tparam table context
-- @param why
-- @treturn string
function M.reason(context, why)
  return text.line(context.mask(tostring(why)), 300)
end

--- What a caller's function gave in place of a text.
-- @tparam table context
-- @tparam string what the option's name
-- @param value what it returned first
-- @param why what it returned second
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] Error
function M.given(context, what, value, why)
  if check.text(value) then return value end
  if value == nil or value == false then
    if errors.is(why) then return nil, why end
    why = why ~= nil and M.reason(context, why) or "it gave nothing"
    return nil, sign_in_error(("the function %s failed: %s"):format(what, why))
  end
  local got = type(value) == "string" and "a text with nothing or control characters in it"
    or "a " .. type(value)
  return nil, sign_in_error(("the function %s gave %s, not a text"):format(what, got))
end

--- The request that sends a form.
-- @tparam string address
-- @tparam {{string,string},...} form names and values
-- @treturn table
function M.request(address, form)
  local fields = {}
  for i, field in ipairs(form) do
    fields[i] = url.encode(field[1]) .. "=" .. url.encode(field[2])
  end
  return {
    method = "POST", url = address, resource = "sign-in", token_endpoint = true,
    headers = {
      { "Accept", "application/json" },
      { "Content-Type", "application/x-www-form-urlencoded" },
    },
    body = table.concat(fields, "&"),
  }
end

--- The same for a refresh token, which comes from files and variables with what does
-- not belong to it.
-- @tparam table context
-- @tparam string what the option's name
-- @param value what it returned first
-- @param why what it returned second
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] Error
function M.given_token(context, what, value, why)
  if type(value) ~= "string" then return M.given(context, what, value, why) end
  local token = options_of.clean_token(value)
  if options_of.is_token(token) then return token end
  return nil, sign_in_error(("the function %s gave a text that is no token: there is nothing, "
    .. "or a blank, a quote or a control character in it"):format(what))
end

-- How the application proves itself, if it does.
local function add_proof(context, options, form, address)
  if options.client_secret then
    context.secret(options.client_secret)
    form[#form + 1] = { "client_secret", options.client_secret }
  end
  local source = options.client_assertion
  local assertion, err
  if options.client_certificate then
    assertion, err = certificate.assertion(options.client_certificate, options.client_id, address,
      context.time())
  elseif type(source) == "function" then
    assertion, err = M.given(context, "client_assertion", source(address))
  elseif source then
    assertion = source
  else
    return true
  end
  if not assertion then return nil, err end
  context.secret(assertion)
  form[#form + 1] = { "client_assertion_type", ASSERTION_TYPE }
  form[#form + 1] = { "client_assertion", assertion }
  return true
end

local function number_of(value)
  if type(value) == "string" then value = wire.number(value) end
  if type(value) ~= "number" or not (value >= 0 and value < math.huge) then return nil end
  return value
end

-- Seconds that the answer's token has left.
local function lifetime_of(answer, now)
  local lifetime = number_of(answer.expires_in)
  local at = number_of(answer.expires_on)
  if not lifetime and at then lifetime = math.max(at - now, SHORTEST_LIFETIME) end
  return math.min(lifetime or UNKNOWN_LIFETIME, LONGEST_LIFETIME)
end

local function protocol_error(what)
  return errors.from_failure("protocol", "the token endpoint's answer has " .. what)
end

-- What an answer grants, or an error.
local function read_grant(answer, now)
  if type(answer) ~= "table" then return nil, protocol_error("no object in it") end
  local token, kind, refresh = answer.access_token, answer.token_type, answer.refresh_token
  if type(token) ~= "string" or token == "" then return nil, protocol_error("no access_token") end
  if not check.header(token) or token:find(" ", 1, true) then
    return nil, protocol_error("an access_token that fits in no header")
  end
  if type(kind) == "string" and wire.lower(kind) ~= "bearer" then
    return nil, protocol_error("a token of type " .. text.line(kind, 40) .. ", not Bearer")
  end
  if type(refresh) ~= "string" or refresh == "" then refresh = nil end
  if refresh and not check.text(refresh) then
    return nil, protocol_error("control characters in its refresh_token")
  end
  return { access_token = token, expires_at = now + lifetime_of(answer, now),
    refresh_token = refresh }
end

--- The error of an answer that came with a status of success and is none.
-- @tparam table context
-- @param answer
-- @treturn ?Error
function M.refusal(context, answer)
  local code = type(answer) == "table" and answer.error
  if type(code) ~= "string" or code == "" then return nil end
  return errors.from_response({
    status = 200, body = "{}", token_endpoint = true, mask = context.mask,
  }, function() return answer end)
end

--- Asks for a token.
-- @tparam table context
-- @tparam table options the credentials'
-- @tparam table form fields that say what is asked for; the application's own
--   are added
-- @treturn[1] table `access_token`, `expires_at`, `refresh_token` (where given)
-- @treturn[2] nil
-- @treturn[2] Error
function M.grant(context, options, form)
  local address = M.address(context.cloud.authority, options, "token")
  form[#form + 1] = { "client_id", options.client_id }
  local ok, err = add_proof(context, options, form, address)
  if not ok then return nil, err end
  local answer
  answer, err = context.post(address, form)
  if answer == nil then return nil, err end
  err = M.refusal(context, answer)
  if err then return nil, err end
  local granted
  granted, err = read_grant(answer, context.time())
  if not granted then return nil, err end
  context.secret(granted.access_token)
  if granted.refresh_token then context.secret(granted.refresh_token) end
  return granted
end

return M
