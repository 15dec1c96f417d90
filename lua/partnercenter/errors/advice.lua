--- What a person can do about an error: data only.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.advice

local APP_USER = "use App+User credentials: credentials.refresh_token, device_code or "
  .. "authorization_code, signed in by an admin agent or sales agent"
local MFA = "a person has to sign in again, with multi-factor authentication"
local SIGN_IN = "a person has to sign in again"
local BLOCKED = "a conditional access policy is in the way; an administrator has to change it "
  .. "or exempt the application"
local AUDIENCE = "ask for tokens for https://api.partnercenter.microsoft.com (resource or scope); "
  .. "graph.windows.net is retired"
local CONSENT = "a person, or an administrator for all, has to consent to the application"
local LATER = "the service failed; try again later"
local ADMIN = "an administrator has to act in Partner Center"
local CUSTOMER = "check the customer id"
local QUERY = "check the query parameters"
local SECRET = "check the client secret (its value, not its id), and whether it has expired"

local M = {}

--- Faults of the service: by HTTP status, then by code. The codes alone are not
-- unique. A `kind` overrides the kind that the status gives.
M.faults = {
  [200] = {
    [400072] = { hint = "the item is not available", kind = "not_found" },
  },
  [400] = {
    [2000] = { hint = "check ids (GUIDs) and parameters" },
    [2001] = { hint = "an argument is missing" },
    [2055] = { hint = "read the resource again: its ETag is out of date" },
    [3000] = { hint = QUERY },
    [800002] = { hint = QUERY },
    [900118] = { hint = CUSTOMER },
    [900126] = { hint = "check seekOperation and filter" },
    [900127] = { hint = "not supported in this environment: check the cloud option" },
    [900141] = { hint = "not supported here: check the cloud option" },
    [900420] = { hint = AUDIENCE, kind = "sign_in" },
    [900421] = { hint = MFA, kind = "sign_in" },
  },
  [401] = {
    [400] = { hint = SIGN_IN },
    [800001] = { hint = "the partner token is missing: check the credentials" },
    [900420] = { hint = AUDIENCE },
    [900421] = { hint = MFA },
  },
  [403] = {
    [2030] = { hint = "the partner is not onboarded in that country" },
    [2032] = { hint = "check the permissions of the application and of the signed-in user" },
    [20002] = { hint = "check the customer id: the partner has no relationship with it" },
    [90000] = { hint = "Microsoft Entra refused a token; its own error is in the description" },
    [800039] = { hint = "the reseller program is not active; " .. ADMIN },
    [900124] = { hint = "accept the partner agreement; " .. ADMIN },
    [900149] = { hint = "the program status is not active; " .. ADMIN },
    [900150] = { hint = APP_USER },
    [900308] = { hint = "the user lacks privileges; " .. ADMIN },
    [900309] = { hint = BLOCKED },
    [900329] = { hint = APP_USER },
    [900420] = { hint = AUDIENCE, kind = "sign_in" },
    [900421] = { hint = MFA, kind = "sign_in" },
  },
  [404] = {
    [1000] = { hint = "check the path and the ids in it" },
    [3000] = { hint = "nothing has that id, or it has no data yet" },
    [20003] = { hint = "check the subscription id" },
    [60002] = { hint = "check the user id" },
    [60003] = { hint = CUSTOMER },
    [800015] = { hint = "check the MPN id" },
  },
  [500] = {
    [800003] = { hint = LATER },
  },
}

--- What a status means where the code says nothing.
M.status = {
  [400] = "check ids and parameters",
  [401] = "sign in again: the access token was refused",
  [403] = "check that the resource may be read with these credentials (most need App+User) and "
    .. "the user's role",
  [404] = "check the ids and the path",
  [407] = "check the credentials in the proxy option",
  [408] = LATER,
  [429] = "wait, and call less often or with less concurrency",
  [500] = LATER,
  [502] = LATER,
  [503] = LATER,
  [504] = LATER,
}

--- Numbers of Microsoft Entra, as in AADSTS70008.
M.entra = {
  [50011] = "register the redirect_uri for the application, spelt the same",
  [50020] = "sign in with a user of the partner's tenant",
  [50034] = "check the user's name and the tenant",
  [50053] = "the account is locked; wait or ask an administrator",
  [50055] = "the password has expired; change it, then sign in again",
  [50057] = "the account is disabled; ask an administrator",
  [50058] = SIGN_IN,
  [50072] = MFA,
  [50074] = MFA,
  [50076] = MFA,
  [50078] = MFA,
  [50079] = MFA .. ", after enrolling for it",
  [50089] = SIGN_IN,
  [50105] = "an administrator has to assign the user to the application",
  [50126] = "check the user's name and password",
  [50132] = SIGN_IN,
  [50133] = SIGN_IN,
  [50158] = MFA,
  [50173] = SIGN_IN .. ": the password was changed or the sign-in revoked",
  [53000] = BLOCKED,
  [53001] = BLOCKED,
  [53002] = BLOCKED,
  [53003] = BLOCKED,
  [54005] = "the authorization code was used already; " .. SIGN_IN,
  [65001] = CONSENT,
  [65004] = CONSENT .. "; it was declined",
  [70000] = SIGN_IN .. ": the refresh token or code is not valid",
  [70008] = SIGN_IN .. ": the refresh token or code has expired",
  [70011] = "check the scope",
  [70018] = "start the sign-in again: the code typed in was wrong or has expired",
  [70019] = "start the sign-in again: the code has expired",
  [70020] = "start the sign-in again: the device code has expired",
  [70043] = SIGN_IN .. ": a policy limits how long a sign-in lasts",
  [90002] = "check the tenant: there is none of that name in this cloud",
  [90072] = "sign in with a user of the partner's tenant",
  [90094] = "an administrator has to consent to the application",
  [500011] = "check the resource or scope and the cloud; the application may lack consent for it",
  [501481] = "the code_verifier does not belong to the authorization code",
  [700016] = "check client_id and tenant: the application is not known there",
  [700027] = "check the certificate that signs the client assertion",
  [700082] = SIGN_IN .. ": the refresh token was not used for too long",
  [700084] = SIGN_IN .. ": refresh tokens of single-page applications last a day",
  [7000112] = "the application is disabled; an administrator has to enable it",
  [7000215] = SECRET,
  [7000216] = "client_secret or client_assertion is missing",
  [7000218] = "pass client_secret, or allow public client flows for the application",
  [7000222] = "the client secret has expired; make a new one",
}

--- The token endpoint's `error`, where its number says nothing.
M.oauth = {
  access_denied = "the sign-in was declined",
  authorization_declined = "the sign-in was declined",
  authorization_pending = "finish the sign-in in the browser",
  bad_verification_code = "start the sign-in again: the device code is not known",
  consent_required = CONSENT,
  expired_token = "start the sign-in again: the device code has expired",
  interaction_required = SIGN_IN,
  invalid_client = "check client_id and client_secret",
  invalid_grant = SIGN_IN,
  invalid_request = "check the credentials' options",
  invalid_resource = "check the resource and the cloud",
  invalid_scope = "check the scope and the cloud",
  login_required = SIGN_IN,
  slow_down = "finish the sign-in in the browser",
  unauthorized_client = "allow this way of signing in for the application, in its registration",
  unsupported_grant_type = "check authority and the version of the token endpoint",
}

return M
