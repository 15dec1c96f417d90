-- Every documented error by a name: what the service sends in each case.
local M = {}

local FD, CONTROLLERS = "PartnerFD", "PartnerApiServiceControllers"

-- status, code, description, source
M.api = {
  bad_guid           = { 400, 2000, "Tenant Id must be a GUID.", CONTROLLERS },
  bad_search         = { 400, 2000, "Customer search only allows starts with and equals operation.",
    CONTROLLERS },
  missing_argument   = { 400, 2001, "A required argument is missing.", CONTROLLERS },
  bad_property       = { 400, 3000, "Invalid property.", CONTROLLERS },
  bad_input          = { 400, 800002, "The request input is invalid.", CONTROLLERS },
  bad_customer       = { 400, 900118, "The customer id is invalid.", CONTROLLERS },
  bad_enum           = { 400, 900126, "Cannot parse the enumeration value.", CONTROLLERS },
  not_supported      = { 400, 900141, "The operation is not supported.", FD },
  unauthorized       = { 401, 400, "Access denied.", CONTROLLERS },
  no_token           = { 401, 800001, "The partner token is missing in the request context.",
    CONTROLLERS },
  bad_audience       = { 401, 900420, "The audience of the token is no longer supported.", FD },
  mfa_required       = { 401, 900421, "The token carries no multifactor claim.", FD },
  mfa_required_older = { 401, 10001, "Authentication failed. MFA required.", FD },
  no_gdap_role       = { 403, 900308, "Insufficient privileges to complete the operation.", FD },
  access_denied      = { 403, 2032, "Access denied.", FD },
  no_rights          = { 403, 900150,
    "The supplied role does not have the rights to perform the requested operation.", FD },
  app_only           = { 403, 900329, "App only authentication is not supported here.", FD },
  no_relationship    = { 403, 20002, "The partner has no relationship with the customer.", FD },
  agreement          = { 403, 900124, "The partner agreement has not been accepted.", FD },
  not_found          = { 404, 1000, "The resource was not found.", FD },
  no_tenant          = { 404, 60003, "The tenant was not found.", FD },
  no_subscription    = { 404, 20003, "The subscription was not found.", FD },
  no_data            = { 404, 3000, "The entity was not found.", FD },
  bad_method         = { 405, 405, "The requested resource does not support this method.",
    CONTROLLERS },
  server_error       = { 500, 800003, "An unexpected service error occurred.", FD },
  not_implemented    = { 501, 0, "An undefined exception occurred.", FD },
  bad_gateway        = { 502, 502, "Bad gateway.", FD },
  unavailable        = { 503, 503, "The service is unavailable.", FD },
  gateway_timeout    = { 504, 504, "The service did not answer in time.", FD },
}

-- status, error, code, description, suberror
M.token = {
  invalid_request      = { 400, "invalid_request", 900144,
    "The request body must contain the parameter." },
  missing_redirect     = { 400, "invalid_request", 50011, "The reply URL does not match." },
  unsupported_grant    = { 400, "unsupported_grant_type", 70003,
    "The app requested an unsupported grant type." },
  invalid_grant        = { 400, "invalid_grant", 70008,
    "The provided authorization code or refresh token is expired. Send a new interactive "
    .. "authorization request for this user and resource." },
  revoked              = { 400, "invalid_grant", 50173,
    "The provided grant has expired due to it being revoked.", "bad_token" },
  bad_verifier         = { 400, "invalid_grant", 501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request." },
  unauthorized_client  = { 400, "unauthorized_client", 700016,
    "The application was not found in the directory." },
  invalid_client       = { 401, "invalid_client", 7000215, "Invalid client secret provided." },
  secret_needed        = { 401, "invalid_client", 7000218,
    "The request body must contain the parameter 'client_assertion' or 'client_secret'." },
  invalid_scope        = { 400, "invalid_scope", 70011,
    "The provided value for the input parameter 'scope' is not valid." },
  invalid_resource     = { 400, "invalid_resource", 500011,
    "The resource principal was not found in the tenant." },
  consent_required     = { 400, "consent_required", 65001,
    "The user or administrator has not consented to use the application." },
  interaction_required = { 400, "interaction_required", 50076,
    "Due to a configuration change made by your administrator, or because you moved to a new "
    .. "location, you must use multi-factor authentication.", "basic_action" },
  mfa_required         = { 400, "invalid_grant", 50078,
    "Presented multi-factor authentication has expired due to policies configured by your "
    .. "administrator, you must refresh your multi-factor authentication.", "basic_action" },
  conditional_access   = { 400, "interaction_required", 53003,
    "Access has been blocked by Conditional Access policies.", "message_only" },
  authorization_pending = { 400, "authorization_pending", 70016,
    "OAuth 2.0 device flow error. Authorization is pending. Continue polling." },
  slow_down            = { 400, "slow_down", 70020, "Polling too often." },
  authorization_declined = { 400, "authorization_declined", 70021,
    "The end user declined the authorization request." },
  expired_token        = { 400, "expired_token", 70019, "The verification code expired." },
  bad_verification_code = { 400, "bad_verification_code", 70018, "The device code is invalid." },
  temporarily_unavailable = { 503, "temporarily_unavailable", 90033,
    "A transient error has occurred. Please try again." },
  server_error         = { 500, "server_error", 90099, "The service encountered an error." },
}

return M
