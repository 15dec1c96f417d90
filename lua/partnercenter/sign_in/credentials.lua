-- SPDX-License-Identifier: MIT

--- Ways to sign in. Each constructor checks its options, sends nothing, and gives
-- an object for the option `credentials` of `partnercenter.new`. No secret can be
-- read from that object; clients may share it, each with its own tokens.
--
-- Most resources of Partner Center need App+User: a person has signed in, with
-- multi-factor authentication, and the application acts in their name. Those are
-- `refresh_token`, `device_code` and `authorization_code`. App-only credentials
-- (`client_secret`, `client_assertion`) read little more than the customers.
--
-- All that sign in at Microsoft Entra take these options:
--
-- * `tenant`: the partner's tenant, a GUID or a domain name
-- * `client_id`: the application's id, a GUID
-- * `version`: of the token endpoint, 2 (the default) or 1
-- * `scope` (version 2), `resource` (version 1): what the tokens are for, in place
--   of the cloud's own
--
-- Functions among the options may wait (make calls themselves, in coroutines or
-- light threads), except `on_rotate` on PUC Lua 5.1. What they raise reaches the
-- caller; what they return after nil becomes an error of kind `sign_in`.
-- @module partnercenter.sign_in.credentials

local authorize = require "partnercenter.sign_in.authorize"
local check = require("partnercenter.util").check
local device = require "partnercenter.sign_in.device_code"
local endpoint = require "partnercenter.sign_in.token_endpoint"
local file = require "partnercenter.sign_in.token_file"
local options_of = require "partnercenter.sign_in.options"
local provider = require "partnercenter.sign_in.provider"
local shared = require "partnercenter.sign_in.shared"
local token = require "partnercenter.sign_in.token"
local user = require "partnercenter.sign_in.user"

local rules = options_of.rules
local text, text_or_function = rules.text, rules.text_or_function

local REFRESH = options_of.entra {
  client_secret = text, client_assertion = text_or_function,
  client_certificate = rules.certificate,
  refresh_token = rules.token_or_function, on_rotate = "function",
}
local DEVICE = options_of.entra {
  on_prompt = "function", on_rotate = "function", claims = rules.claims,
}
DEVICE.version, DEVICE.resource = nil, nil
local CODE = options_of.entra {
  client_secret = text, client_assertion = text_or_function,
  client_certificate = rules.certificate, claims = rules.claims,
  code = text, redirect_uri = text, code_verifier = text, on_rotate = "function",
}
local SECRET = options_of.entra { client_secret = text, client_certificate = rules.certificate }
local ASSERTION = options_of.entra { assertion = text_or_function }

local M = {}

--- App+User: an application that keeps the refresh token of a person who has
-- signed in before.
--
-- Microsoft gives a new refresh token with each access token. `on_rotate` gets it
-- before anything else happens; if it raises, or returns false, or nil and a
-- reason, the call fails, and the token is offered again at the next call.
-- @tparam table options see above, and:
-- @tparam string|function options.refresh_token the token, or a function that
--   gives it (or nil and why there is none) when it is first needed; quotes, blanks
--   and line breaks around it are taken off. It gets the error of the one that was
--   refused, if there was one
-- @tparam[opt] string options.client_secret of a confidential client
-- @tparam[opt] string|function options.client_assertion in place of a secret: a
--   signed JWT, or a function that gets the address of the token endpoint (the
--   audience) and gives one
-- @tparam[opt] table options.client_certificate in place of a secret: `certificate` and
--   `key`, the paths of PEM files. Signing needs luaossl; what is missing is an error
--   of kind `config` when a token is needed
-- @tparam[opt] function options.on_rotate gets each new refresh token, to store it
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
-- @usage
-- partnercenter.credentials.refresh_token {
--   tenant = "contoso.onmicrosoft.com", client_id = id, client_secret = secret,
--   refresh_token = saved, on_rotate = function(new_token) save(new_token) end,
-- }
function M.refresh_token(options)
  local o = options_of.take("credentials.refresh_token", options, REFRESH,
    { "tenant", "client_id", "refresh_token" }, 2)
  local given = o.refresh_token
  if type(given) == "string" then o.refresh_token = options_of.clean_token(given) end
  return user.new("refresh_token", o, function(context, err)
    local state = context.state
    -- Used once: what came after it is newer.
    if state.started then return nil, err end
    local first = o.refresh_token
    if type(first) == "function" then
      local why
      first, why = endpoint.given_token(context, "refresh_token", first(err))
      if not first then return nil, why end
    end
    if first == state.refresh_token then return nil, err end
    state.started, state.refresh_token = true, first
    return user.redeem(context, o, first)
  end)
end

--- App+User: a person opens a page and types a code, now and whenever the
-- sign-in has ended. The application must allow public client flows.
-- @tparam table options see above (version 2 only), and:
-- @tparam function options.on_prompt gets the message for the person, one line,
--   and a table with `user_code`, `verification_uri`, `expires_in`, `interval`
--   and `message`; returns false, or nil and why, to give up
-- @tparam[opt] string options.claims what an error's `claims` asks the sign-in for
-- @tparam[opt] function options.on_rotate as in `refresh_token`
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
-- @usage
-- partnercenter.credentials.device_code {
--   tenant = "contoso.onmicrosoft.com", client_id = id,
--   on_prompt = function(message) print(message) end,
-- }
function M.device_code(options)
  local o = options_of.take("credentials.device_code", options, DEVICE,
    { "tenant", "client_id", "on_prompt" }, 2)
  return user.new("device_code", o, function(context) return device.sign_in(context, o) end)
end

--- App+User: the code that a person has come back with from the page at
-- `authorize_url`. It is exchanged once, by the first client to use it; after that
-- these credentials live on the refresh token.
-- @tparam table options see above, and:
-- @tparam string options.code
-- @tparam string options.redirect_uri the one the person was sent with
-- @tparam[opt] string options.code_verifier of `pkce`
-- @tparam[opt] string options.client_secret as in `refresh_token`
-- @tparam[opt] string|function options.client_assertion as in `refresh_token`
-- @tparam[opt] table options.client_certificate as in `refresh_token`
-- @tparam[opt] string options.claims as given to `authorize_url`
-- @tparam[opt] function options.on_rotate as in `refresh_token`; the first
--   refresh token is handed to it too
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
function M.authorization_code(options)
  local o = options_of.take("credentials.authorization_code", options, CODE,
    { "tenant", "client_id", "code", "redirect_uri" }, 2)
  return user.new("authorization_code", o, function(context, err)
    return authorize.redeem(context, o, err)
  end)
end

local function app_only(name, o)
  return provider.new({
    name = name, app_only = true, tenant = o.tenant, client_id = o.client_id,
  }, function(context)
    return endpoint.grant(context, o, {
      { "grant_type", "client_credentials" },
      endpoint.audience(context.cloud, o, false),
    })
  end)
end

--- App-only, with a secret or a certificate. Resources that need a signed-in user
-- refuse it.
-- @tparam table options see above, and:
-- @tparam[opt] string options.client_secret its value, not its id
-- @tparam[opt] table options.client_certificate in its place, as in `refresh_token`
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
function M.client_secret(options)
  local proof = type(options) == "table" and options.client_certificate ~= nil
    and "client_certificate" or "client_secret"
  local o = options_of.take("credentials.client_secret", options, SECRET,
    { "tenant", "client_id", proof }, 2)
  return app_only(proof, o)
end

--- App-only, with an assertion that the caller signs. Resources that need a
-- signed-in user refuse it.
-- @tparam table options see above, and:
-- @tparam string|function options.assertion a signed JWT, or a function that gets
--   the address of the token endpoint (the audience) and gives one; a function
--   is asked for each token, since a JWT soon expires
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown
function M.client_assertion(options)
  local o = options_of.take("credentials.client_assertion", options, ASSERTION,
    { "tenant", "client_id", "assertion" }, 2)
  o.client_assertion, o.assertion = o.assertion, nil
  return app_only("client_assertion", o)
end

--- An access token from elsewhere.
-- @tparam string|function source the token, or a function that gives it and, if it
--   likes, when it expires (in seconds, as `os.time`); it is called when a token
--   is first needed, when one is about to expire, and when one was rejected,
--   which is then its argument. It may give nil and why there is none
-- @treturn Provider
-- @raise source is neither
function M.token(source)
  return (token.new(source, 2)) -- no tail call: levels are counted
end

--- The refresh token of other credentials kept in a file, so that it outlives the
-- process and is shared by many. The file has mode 0600 and is replaced as a
-- whole; one that others have access to, that belongs to another user or is a
-- symbolic link is refused. A lock file beside it (`.lock`) makes processes take
-- turns. The token in the file goes first; `on_rotate` still gets each new one.
-- Reading and writing block on the disk.
-- @tparam string path of the file; its directory must exist
-- @tparam Provider credentials `refresh_token`, `device_code` or
--   `authorization_code`
-- @treturn Provider
-- @raise path is no text, or the credentials have no refresh token
-- @usage
-- partnercenter.credentials.file(os.getenv("HOME") .. "/.partnercenter-token",
--   partnercenter.credentials.device_code { … })
function M.file(path, credentials)
  if not check.text(path) then error("credentials.file takes a path first", 2) end
  if not provider.is(credentials) or not credentials.renews then
    error("credentials.file takes credentials that have a refresh token: refresh_token, "
      .. "device_code or authorization_code", 2)
  end
  return file.new(path, credentials)
end

--- One sign-in for all that use the same store: the processes of a machine, the
-- workers of an nginx, a fleet. One of them signs in while the others wait; a refresh
-- token that the service replaced is in the store before its access token is used, and
-- reaches all. A process that dies over it is taken over when its lease ends. While the
-- store is away the tokens at hand go on; no refresh token is redeemed, since another
-- process may do so, too, and what could not be stored is offered again.
-- @tparam table options
-- @tparam Store options.store of `partnercenter.store`
-- @tparam Provider options.credentials how to sign in, when it has to be; not
--   `credentials.file`, whose file is another truth
-- @tparam[opt=""] string options.name tells sign-ins of different people apart, who use
--   the same tenant, application, cloud and way to sign in
-- @tparam[opt] string options.key encrypts what is kept (AES-256-GCM, by luaossl): 32
--   bytes, or 64 hexadecimal digits; the same for all
-- @tparam[opt=30] number options.lease seconds after which a process that has given no
--   sign is taken over; a request of the sign-in takes less
-- @treturn Provider
-- @raise an option that is missing, wrong or unknown; a key without luaossl
-- @usage
-- partnercenter.credentials.shared {
--   store = partnercenter.store.redis(os.getenv "PARTNERCENTER_REDIS_URL"),
--   credentials = partnercenter.credentials.refresh_token { … },
-- }
function M.shared(options)
  return (shared.new(options, 2)) -- no tail call: levels are counted
end

--- The address of the page where a person signs in. They come back to
-- `redirect_uri` with `code` and `state`; compare the state.
-- @tparam table options `tenant`, `client_id`, `version`, `scope`, `resource` as
--   above, and:
-- @tparam string options.redirect_uri as registered for the application
-- @tparam string options.state a random text that ties the answer to the person's
--   session
-- @tparam[opt] string options.code_challenge of `pkce`
-- @tparam[opt="S256"] string options.code_challenge_method
-- @tparam[opt] string options.response_mode "query" or "form_post"
-- @tparam[opt] string options.prompt such as "select_account"
-- @tparam[opt] string options.login_hint the person's user name
-- @tparam[opt] string options.domain_hint the person's domain name, to skip a question
-- @tparam[opt] string options.claims what an error's `claims` asks the sign-in for
-- @tparam[opt="global"] string options.cloud
-- @tparam[opt] string options.authority in place of the cloud's
-- @treturn string
-- @raise an option that is missing, wrong or unknown
function M.authorize_url(options)
  return (authorize.url(options, 2)) -- no tail call: levels are counted
end

--- A fresh secret for one sign-in (PKCE): give the challenge to `authorize_url`,
-- keep the verifier in the person's session, give it to `authorization_code`.
-- @treturn {code_verifier=string,code_challenge=string,code_challenge_method=string}
function M.pkce()
  return authorize.pkce()
end

return check.strict(M, "partnercenter.credentials")
