--- What a person can do about an error: data only.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.advice

local APP_USER = "use App+User credentials: credentials.refresh_token, device_code or "
  .. "authorization_code, signed in by an admin agent or sales agent"
local MFA = "a person has to sign in again, with multi-factor authentication; a refresh token "
  .. "made without it does not help"
local SIGN_IN = "a person has to sign in again"
local POLICY = "a policy of the tenant is in the way: an administrator has to change it, or exempt "
  .. "the account or the application"
local DEVICE = "sign in on a device that the tenant's policy accepts (not by device_code), or "
  .. "have an administrator exempt the account"
local RISK = "a risk was seen in the account: an administrator has to clear it in Entra"
local AUDIENCE = "ask for tokens for https://api.partnercenter.microsoft.com (resource or scope); "
  .. "graph.windows.net is retired"
local CONSENT = "a person, or an administrator for all, has to consent to the application: sign "
  .. "in once with authorization_code or device_code"
local PERMISSION = "add the permission user_impersonation of Microsoft Partner Center to the "
  .. "application's registration, and consent to it"
local LATER = "the service failed; try again later"
local ADMIN = "an administrator of the partner has to act in Partner Center"
local CUSTOMER = "check the customer id"
local QUERY = "check the query parameters"
local SECRET = "check the client secret (its value, not its id), and whether it has expired"
local AGAIN = "start the sign-in again: the code was wrong or has expired"
local APPLICATION = "check client_id, tenant and cloud: the application is not known there"
local ACCOUNT = "sign in with an account of the partner's tenant"
local REDIRECT = "register the redirect_uri for the application, spelt the same"
local TENANT = "use the partner's tenant (its id or domain name), not common or organizations"
local ASSERTION = "check this machine's clock; an assertion is signed for each token, and good "
  .. "for ten minutes at most"
local SCOPE = "check the scope: leave it out, or use one address alone, such as "
  .. "https://api.partnercenter.microsoft.com/user_impersonation"
local REQUEST = "check the credentials' options: the sign-in's request is incomplete or malformed"
local GDAP = "the signed-in user needs a GDAP role in the customer's tenant (%s); an administrator "
  .. "there approves it, for a limited time"

local M = {
  -- A challenge that asks for more than the token has.
  CLAIMS = "a person has to sign in again: pass err.claims as the option claims of "
    .. "credentials.device_code or authorize_url",
  -- An answer that is not the service's.
  -- A page of what stands before the service.
  FRONT = "the service's front door has answered in its place: try again later, and if that does "
    .. "not help ask Microsoft, with the answer's X-Azure-Ref",
  IN_BETWEEN = "a proxy, a firewall or a sign-in page of the network has answered in its place; "
    .. "ask whoever runs the network",
}

--- Faults of the service: by HTTP status, then by code. The codes alone are not
-- unique. A `kind` overrides the kind that the status gives; `final` says that a new
-- token of the same kind would be refused as well.
M.faults = {
  [200] = {
    [400072] = { hint = "check the ids: what they name is not available, or not yet",
      kind = "not_found" },
  },
  [400] = {
    [2000] = { hint = "check ids (GUIDs) and parameters" },
    [2001] = { hint = "check the parameters: an argument is missing" },
    [2055] = { hint = "read the resource again: its ETag is out of date" },
    [3000] = { hint = QUERY },
    [800002] = { hint = QUERY },
    [900118] = { hint = CUSTOMER },
    [900316] = { hint = APP_USER },
    [900126] = { hint = "check seekOperation and filter" },
    [900127] = { hint = "not supported in this environment: check the cloud option" },
    [900141] = { hint = "not supported here: check the cloud option" },
    [900420] = { hint = AUDIENCE, kind = "sign_in" },
    [900421] = { hint = MFA, kind = "sign_in" },
  },
  [401] = {
    [400] = { hint = SIGN_IN },
    [10001] = { hint = MFA, final = true },
    [800001] = { hint = "the partner token is missing: check the credentials" },
    [900420] = { hint = AUDIENCE, final = true },
    [900421] = { hint = MFA, final = true },
  },
  [403] = {
    [2030] = { hint = "the partner is not onboarded in that country; " .. ADMIN },
    [2032] = { hint = "check the permissions: the signed-in user needs the role admin agent or "
      .. "sales agent in Partner Center" },
    [20002] = { hint = "check the customer id: the partner has no relationship with it" },
    [90000] = { hint = "Microsoft Entra refused a token: " .. SIGN_IN .. "; if that does not "
      .. "help, look up the AADSTS number of the description at "
      .. "https://login.microsoftonline.com/error" },
    [800039] = { hint = "the reseller program is not active; " .. ADMIN },
    [900124] = { hint = "accept the partner agreement; " .. ADMIN },
    [900149] = { hint = "the program status is not active; " .. ADMIN },
    [900123] = { hint = "accept the partner agreement; " .. ADMIN },
    [900150] = { hint = APP_USER },
    [900308] = { hint = GDAP:format("Directory Readers is enough to read"), role = true },
    [900309] = { hint = "a conditional access policy of the customer or partner is in the way: "
      .. "an administrator has to exempt the account" },
    [900329] = { hint = APP_USER },
    [900420] = { hint = AUDIENCE, kind = "sign_in" },
    [900421] = { hint = MFA, kind = "sign_in" },
  },
  [404] = {
    [1000] = { hint = "check the path and the ids in it" },
    [3000] = { hint = "check the ids: nothing has them, or it has no data yet" },
    [20003] = { hint = "check the subscription id" },
    [60002] = { hint = "check the user id" },
    [60003] = { hint = CUSTOMER },
    [800015] = { hint = "check the MPN id" },
  },
  [500] = {
    [800003] = { hint = LATER },
  },
}

--- What a refusal means where a role of Partner Insights is missing.
M.INSIGHTS_ROLE = "the signed-in user needs the role Executive report viewer or Report viewer in "
  .. "the partner's account that is enrolled in the AI Cloud Partner Program; its administrator "
  .. "gives it in Partner Center"

--- What a refusal means where a role is missing.
-- @tparam {string,...} roles of which one is enough
-- @treturn string
function M.missing_role(roles)
  return (GDAP:format("one of: " .. table.concat(roles, ", ")))
end

--- What a status means where the code says nothing.
M.status = {
  [400] = "check ids and parameters",
  [402] = "the account has to be put in order: " .. ADMIN,
  [401] = "sign in again, with multi-factor authentication: the access token was refused",
  [403] = "check that the resource may be read with these credentials (most need App+User), and "
    .. "the user's GDAP role in the customer's tenant",
  [404] = "check the ids and the path",
  [405] = "the resource does not take this method: check method and path",
  [407] = "check the credentials in the proxy option",
  [408] = LATER,
  [409] = "something else has changed it meanwhile: read it again, and try once more",
  [410] = "it is not there any more: check the ids, the path and the API's version",
  [412] = "read the resource again: it has changed meanwhile",
  [413] = "send less at once",
  [414] = "the address is too long: filter by less, and decide the rest locally",
  [429] = "wait, and call less often or with less concurrency",
  [500] = LATER,
  [501] = "the service does not do that: check method, path and parameters",
  [502] = LATER,
  [503] = LATER,
  [504] = LATER,
}

--- Numbers of Microsoft Entra, as in AADSTS70008.
M.entra = {
  -- second factor
  [50072] = MFA, [50074] = MFA, [50076] = MFA, [50078] = MFA,
  [50079] = "a person has to sign in and enrol for multi-factor authentication",
  [50158] = "sign in in a browser (authorization_code): another provider asks for its own factor",
  [70043] = SIGN_IN .. ": a policy limits how long a sign-in lasts",
  -- too old or revoked
  [50013] = ASSERTION, [500133] = ASSERTION, [700024] = ASSERTION,
  [50058] = SIGN_IN, [50089] = SIGN_IN, [50132] = SIGN_IN, [50133] = SIGN_IN,
  [50173] = SIGN_IN .. ": the password was changed or the sign-in revoked",
  [54005] = "the authorization code was used already; " .. SIGN_IN,
  [70000] = SIGN_IN .. ": the refresh token or code is not valid for this client_id and tenant",
  [70008] = SIGN_IN .. ": the refresh token or code has expired",
  [501481] = "pass the code_verifier that belongs to this authorization code",
  [700005] = "use one tenant in authorize_url and authorization_code",
  [700082] = SIGN_IN .. ": the refresh token was not used for too long",
  [700084] = SIGN_IN .. ": refresh tokens of single-page applications last a day",
  -- policy
  [50097] = DEVICE, [50131] = POLICY, [53000] = DEVICE, [53001] = DEVICE, [53002] = POLICY,
  [53003] = "a conditional access policy is in the way: an administrator has to exempt the "
    .. "account or the application",
  [53004] = RISK, [53011] = RISK,
  [530003] = DEVICE, [530032] = POLICY, [530034] = RISK,
  [530035] = "security defaults refuse this way of signing in: use device_code or "
    .. "authorization_code",
  -- consent and registration
  [50001] = SCOPE,
  [50105] = "an administrator has to assign the user to the application",
  [65001] = CONSENT,
  [65004] = CONSENT .. "; it was declined",
  [65005] = PERMISSION, [650056] = PERMISSION, [650057] = PERMISSION,
  [90094] = "an administrator has to consent to the application",
  [90095] = "an administrator has to consent to the application",
  [90099] = "an administrator has to consent to the application in the customer's tenant",
  [500011] = "check cloud and resource or scope, and open Partner Center once in this tenant",
  [650052] = "an administrator has to enable Partner Center in this tenant",
  [70001] = APPLICATION, [700011] = APPLICATION, [700016] = APPLICATION,
  [7000112] = "the application is disabled; an administrator has to enable it",
  [7000229] = "an administrator has to consent to the application in this tenant",
  [50011] = REDIRECT, [500113] = REDIRECT, [900971] = REDIRECT,
  [50194] = TENANT, [9001023] = TENANT, [90124] = TENANT, [90130] = TENANT,
  -- secret and kind of client
  [70002] = SECRET, [7000215] = SECRET,
  [700025] = "leave client_secret out: the application is a public client",
  [700027] = "upload the certificate that signs to the application's registration, and wait a "
    .. "few minutes after a change",
  [7000216] = "pass client_secret or client_certificate",
  [7000218] = "allow public client flows in the application's registration, or use credentials "
    .. "that take a client_secret (device_code takes none)",
  [7000222] = "the client secret has expired: make a new one and use its value; refresh tokens "
    .. "stay good",
  [9002327] = "register the redirect_uri under Web, not under single-page application",
  -- request
  [90002] = "check the tenant: there is none of that name in this cloud",
  [90014] = REQUEST, [900144] = REQUEST, [90013] = REQUEST, [90023] = REQUEST, [90100] = REQUEST,
  [9002313] = "check the refresh token: it looks cut or changed; if it is whole, " .. SIGN_IN,
  [70003] = "allow this way of signing in for the application, in its registration",
  [70011] = SCOPE, [28002] = SCOPE, [28003] = SCOPE, [700022] = SCOPE, [700023] = SCOPE,
  [901002] = "use scope, or version = 1 with resource",
  [90038] = "set cloud: the tenant lives in another national cloud",
  -- account
  [16000] = ACCOUNT, [50020] = ACCOUNT, [50177] = ACCOUNT, [90072] = ACCOUNT,
  [50034] = "check the user's name and the tenant",
  [51004] = "check the user's name and the tenant",
  [50053] = "the account is locked; wait or ask an administrator",
  [50055] = "the password has expired; change it, then sign in again",
  [50144] = "the password has expired; change it, then sign in again",
  [50056] = "an administrator has to give the account a password",
  [50057] = "the account is disabled; ask an administrator",
  [50126] = "check the user's name and password",
  [500212] = "an administrator of the partner has to allow access to the other tenant",
  [500213] = "an administrator of the customer has to allow access from the partner's tenant",
  -- device code
  [70016] = "finish the sign-in in the browser",
  [70018] = AGAIN, [70019] = AGAIN, [70020] = AGAIN, [90119] = AGAIN,
  [50134] = AGAIN, [90120] = AGAIN,
  -- passing
  [90033] = LATER, [90006] = LATER, [90024] = LATER, [90012] = LATER, [50033] = LATER,
  [50087] = LATER, [90090] = LATER,
  [50088] = "the limit of telephone calls is reached: try again in some minutes",
  [50196] = "the same request came too often: keep tokens, and wait some minutes",
  [90055] = "the tenant is throttled: try again later, less often",
}

--- The token endpoint's `error`, where its number says nothing.
M.oauth = {
  access_denied = "the sign-in was declined: start it again, and accept",
  authorization_declined = "the sign-in was declined: start it again, and accept",
  authorization_pending = "finish the sign-in in the browser",
  bad_verification_code = "start the sign-in again: the device code is not known",
  consent_required = CONSENT,
  expired_token = "start the sign-in again: the device code has expired",
  interaction_required = SIGN_IN,
  invalid_client = "check client_id and client_secret (or certificate)",
  invalid_grant = SIGN_IN,
  invalid_request = REQUEST,
  invalid_resource = "check the resource and the cloud",
  invalid_scope = "check the scope and the cloud",
  login_required = SIGN_IN,
  server_error = LATER,
  slow_down = "finish the sign-in in the browser",
  temporarily_unavailable = LATER,
  unauthorized_client = "allow this way of signing in for the application, in its registration",
  unsupported_grant_type = "check authority and the version of the token endpoint",
}

return M
