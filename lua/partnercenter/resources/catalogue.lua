--- What can be asked of Partner Center: data only, one entry per endpoint.
--
-- An entry has
--
-- - `name`: how messages and events call it, the path without its version and
--   ids; `method` and `path`, whose `{customer-id}` becomes `:by_id(id)` in Lua, at
--   as many levels as there are
-- - `ids`: what the ids in the path look like that are no GUIDs, by name: "text"
-- - `prefix`: the client's setting that can take the place of what stands before
--   `/analytics` in the path
-- - `params`: the documented query parameters; each is a type that `params.lua`
--   checks, or an array of the values that are allowed
-- - `paging`: how the next page is found when the answer names none; "skip"
--   goes on by `skip` while the analytics envelope counts more rows
-- - `filter`: which operators the endpoint documents for which field, with
--   `dates` where it documents `cast()` and `json` where it takes JSON; what is
--   not listed is decided locally. Without it the endpoint takes no filter.
-- - `groupby`: the fields it documents, or true where no list is given; what
--   can be ordered by are the same fields and the counts
-- - `counts`: the fields that are numbers even if they arrive as strings
-- - `renames`: documented misspellings, and what they become
-- - `user_required`: app-only credentials are refused
-- - `roles`: of which the signed-in user needs one in the customer's tenant, as far as
--   they are documented: a refusal names them
-- - `methods`: what else can be called there, see `partnercenter.client.node`
-- - `single`: the answer is one thing, not a collection
-- - `sources`: successors that can serve the same rows (see `successor.lua`)
-- - `envelope`: which form the documentation shows; any form is accepted
--
-- SPDX-License-Identifier: MIT
-- @module partnercenter.resources.catalogue

local EQ = { "eq" }
local EQ_NE = { "eq", "ne" }
local COMPARE = { "eq", "ne", "gt", "lt", "ge", "le" }
local CONTAINS = { "contains" }
-- The table lists eq and ne alone, the sample has a range (and means ge, le).
local RANGE = { "eq", "ne", "ge", "le" }
local STARTS_WITH = { "starts_with" }

local SEEK = { "Next", "Previous", "First", "Last", "PageIndex" }

local LICENSE_PARAMS = {
  top = "top", skip = "skip", filter = "filter", groupby = "groupby", processedDateTime = "date",
}
local ANALYTICS_PARAMS = {
  top = "top", skip = "skip", filter = "filter", groupby = "groupby",
  aggregationLevel = { "day", "week", "month" },
}
local ORDERED_PARAMS = {
  top = "top", skip = "skip", filter = "filter", groupby = "groupby", orderby = "orderby",
  aggregationLevel = { "day", "week", "month" },
}
local SUBSCRIPTION_PARAMS = {
  top = "top", skip = "skip", filter = "filter", groupby = "groupby",
  aggregationLevel = { "dateRange", "day", "week", "month" },
}

-- Roles in the customer's tenant. The first serves everything that is read there.
local READER, GLOBAL_READER = "Directory Readers", "Global Reader"
local USER_ADMIN, LICENSE_ADMIN = "User Administrator", "License Administrator"

-- Entra manages the licences of the first group, others those of the second; without
-- the parameter it is the first alone.
local LICENSE_GROUPS = "license_groups"

local RESELLER_FIELDS = {
  "partnerTenantId", "id", "name", "market",
  "firstSubscriptionCreationDate", "latestSubscriptionCreationDate",
  "firstSubscriptionEndDate", "latestSubscriptionEndDate",
  "firstSubscriptionSuspendedDate", "latestSubscriptionSuspendedDate",
  "firstSubscriptionDeprovisionedDate", "latestSubscriptionDeprovisionedDate",
}

local AZURE_FIELDS = {
  "customerTenantId", "customerName", "subscriptionId", "subscriptionName", "usageDate",
  "resourceLocation", "meterCategory", "meterSubcategory", "meterUnit", "reservationOrderId",
  "reservationId", "consumptionMeterId", "serviceType",
}

return {
  {
    name = "customers", method = "GET",
    path = "/v1/customers",
    envelope = "items",
    params = { size = "size", seekOperation = SEEK, filter = "filter" },
    filter = {
      json = true, CompanyName = STARTS_WITH, Domain = STARTS_WITH,
      IndirectReseller = STARTS_WITH, IndirectCloudSolutionProvider = STARTS_WITH,
    },
  },
  {
    name = "customers.by_id", method = "GET",
    path = "/v1/customers/{customer-id}",
    single = true, methods = { "holders" },
  },
  {
    name = "customers.analytics.licenses.deployment", method = "GET",
    path = "/v1/customers/{customer-id}/analytics/licenses/deployment",
    user_required = true, envelope = "items",
    counts = { "licensesDeployed", "licensesSold" },
    sources = {
      commercial = {
        resource = "analytics.commercial.deployment.license",
        customer = "customerTenantId",
        object_type = "CustomerLicensesDeploymentInsights",
        -- The old endpoint's serviceName holds the code, so it does here.
        fields = {
          customerName = "customerName", productName = "productName", serviceCode = "serviceCode",
          serviceName = "serviceCode", channel = "channel", licensesDeployed = "licensesDeployed",
          licensesSold = "licensesSold", processedDateTime = "processedDateTime",
        },
        share = { "deploymentPercent", part = "licensesDeployed", whole = "licensesSold" },
      },
    },
  },
  {
    name = "customers.analytics.licenses.usage", method = "GET",
    path = "/v1/customers/{customer-id}/analytics/licenses/usage",
    user_required = true, envelope = "items",
    counts = { "licensesActive", "licensesQualified" },
    renames = { licenseActive = "licensesActive" },
    sources = {
      commercial = {
        resource = "analytics.commercial.usage.license",
        customer = "customerTenantId",
        object_type = "CustomerLicensesUsageInsights",
        fields = {
          customerName = "customerName", productName = "productName", serviceCode = "serviceCode",
          serviceName = "serviceCode", channel = "channel", workloadCode = "workloadCode",
          workloadName = "workloadName", licensesActive = "licensesActive",
          licensesQualified = "licensesQualified", processedDateTime = "processedDateTime",
        },
        share = { "usagePercent", part = "licensesActive", whole = "licensesQualified" },
      },
    },
  },
  {
    name = "customers.subscribedskus", method = "GET",
    path = "/v1/customers/{customer-id}/subscribedskus",
    user_required = true, envelope = "items",
    roles = { READER, GLOBAL_READER, USER_ADMIN, LICENSE_ADMIN },
    params = { licenseGroupIds = LICENSE_GROUPS },
  },
  {
    -- Of the partner's own: no role in the customer's tenant, and app-only is fine.
    name = "customers.subscriptions", method = "GET",
    path = "/v1/customers/{customer-id}/subscriptions",
    envelope = "items",
    params = { mpn_id = "text", order_id = "text" },
  },
  {
    name = "customers.subscriptions.by_id", method = "GET",
    path = "/v1/customers/{customer-id}/subscriptions/{subscription-id}",
    single = true,
  },
  {
    name = "customers.subscriptions.provisioningstatus", method = "GET",
    path = "/v1/customers/{customer-id}/subscriptions/{subscription-id}/provisioningstatus",
    single = true, roles = { READER, GLOBAL_READER },
  },
  {
    name = "customers.users", method = "GET",
    path = "/v1/customers/{customer-id}/users",
    user_required = true, envelope = "items", roles = { READER, GLOBAL_READER, USER_ADMIN },
    params = { size = "size", seekOperation = SEEK, filter = "filter" },
    filter = { json = true, UserState = EQ },
  },
  {
    name = "customers.users.by_id", method = "GET",
    path = "/v1/customers/{customer-id}/users/{user-id}",
    user_required = true, single = true, roles = { READER, GLOBAL_READER, USER_ADMIN },
  },
  {
    name = "customers.users.licenses", method = "GET",
    path = "/v1/customers/{customer-id}/users/{user-id}/licenses",
    user_required = true, envelope = "items",
    -- Global Reader is not among them.
    roles = { READER, LICENSE_ADMIN, USER_ADMIN, "Directory Writers" },
    params = { licenseGroupIds = LICENSE_GROUPS },
  },
  {
    name = "profiles.organization", method = "GET",
    path = "/v1/profiles/organization",
    user_required = true, single = true,
  },
  {
    name = "profiles.mpn", method = "GET",
    path = "/v1/profiles/mpn",
    user_required = true, single = true,
    params = { mpnId = "text" },
  },
  {
    name = "partnerRequests", method = "GET",
    path = "/v1/partnerRequests",
    user_required = true, envelope = "items",
  },
  {
    name = "nonMfaCompliantPartnerPrincipals", method = "GET",
    path = "/v1/nonMfaCompliantPartnerPrincipals",
    user_required = true, envelope = "items",
    -- The table's name; the sample has the other one.
    renames = { lastNonMfaCompliantLoginDateTime = "lastNonMfaCompliantRequestDateTime" },
  },
  {
    name = "applicationmfaadoptionstatus", method = "GET",
    path = "/v1/applicationmfaadoptionstatus",
    user_required = true, envelope = "array",
  },
  {
    name = "analytics.licenses.deployment", method = "GET",
    path = "/v1/analytics/licenses/deployment",
    user_required = true, envelope = "items",
    counts = { "licensesSold" },
  },
  {
    name = "analytics.licenses.usage", method = "GET",
    path = "/v1/analytics/licenses/usage",
    user_required = true, envelope = "items",
  },
  {
    -- The page names /v1/… as well; its siblings and its own sample do not.
    name = "analytics.commercial.deployment.license", method = "GET",
    path = "/partner/v1/analytics/commercial/deployment/license", prefix = "commercial_prefix",
    user_required = true, envelope = "value",
    params = LICENSE_PARAMS, paging = "skip",
    filter = {
      serviceCode = EQ_NE, serviceName = EQ_NE, channel = EQ_NE, customerTenantId = EQ_NE,
      customerName = EQ_NE, productId = EQ_NE, productName = EQ_NE,
    },
    groupby = {
      "serviceCode", "serviceName", "channel", "customerTenantId", "customerName", "productId",
      "productName",
    },
    counts = { "licensesDeployed", "licensesSold" },
  },
  {
    name = "analytics.commercial.usage.license", method = "GET",
    path = "/partner/v1/analytics/commercial/usage/license", prefix = "commercial_prefix",
    user_required = true, envelope = "value",
    params = LICENSE_PARAMS, paging = "skip",
    filter = {
      workloadCode = EQ_NE, workloadName = EQ_NE, serviceCode = EQ_NE, serviceName = EQ_NE,
      channel = EQ_NE, customerTenantId = EQ_NE, customerName = EQ_NE, productId = EQ_NE,
      productName = EQ_NE,
    },
    groupby = {
      "workloadCode", "workloadName", "serviceCode", "serviceName", "channel", "customerTenantId",
      "customerName", "productId", "productName",
    },
    counts = { "licensesActive", "licensesQualified" },
    renames = { licenseActive = "licensesActive" },
  },
  {
    name = "analytics.subscriptions", method = "GET",
    path = "/partner/v1/analytics/subscriptions",
    user_required = true, envelope = "object, or value when grouped",
    params = SUBSCRIPTION_PARAMS, paging = "skip",
    filter = {
      autoRenewEnabled = EQ_NE, customerMarket = EQ_NE, customerTenantId = EQ_NE, id = EQ_NE,
      partnerId = EQ_NE, status = EQ_NE, subscriptionType = EQ_NE, commitmentEndDate = COMPARE,
      creationDate = COMPARE, currentStateEndDate = COMPARE, deprovisionedDate = COMPARE,
      effectiveStartDate = COMPARE, lastRenewalDate = COMPARE, lastUsageDate = COMPARE,
      trialStartDate = COMPARE, trialToPaidConversionDate = COMPARE, customerName = CONTAINS,
      friendlyName = CONTAINS, productName = { "contains", "eq", "ne" },
    },
    groupby = {
      "customerTenantId", "customerName", "customerMarket", "id", "status", "productName",
      "subscriptionType", "autoRenewEnabled", "partnerId", "friendlyName", "partnerName",
      "providerName", "creationDate", "effectiveStartDate", "commitmentEndDate",
      "currentStateEndDate", "trialToPaidConversionDate", "trialStartDate", "lastUsageDate",
      "deprovisionedDate", "lastRenewalDate",
    },
    counts = { "subscriptionCount", "licenseCount" },
  },
  {
    name = "analytics.usage.azure", method = "GET",
    path = "/partner/v1/analytics/usage/azure",
    user_required = true, envelope = "object",
    params = ORDERED_PARAMS, paging = "skip",
    filter = {
      dates = true, customerTenantId = EQ_NE, customerName = EQ_NE, subscriptionId = EQ_NE,
      subscriptionName = EQ_NE, usageDate = RANGE, resourceLocation = EQ_NE,
      meterCategory = EQ_NE, meterSubcategory = EQ_NE, meterUnit = EQ_NE,
      reservationOrderId = EQ_NE, reservationId = EQ_NE, consumptionMeterId = EQ_NE,
      serviceType = EQ_NE,
    },
    groupby = AZURE_FIELDS,
    counts = { "quantity" },
    -- The table and the text on groupby write these with a capital.
    renames = { CustomerTenantId = "customerTenantId", Quantity = "quantity" },
  },
  {
    name = "analytics.indirectresellers", method = "GET",
    path = "/partner/v1/analytics/indirectresellers",
    user_required = true, envelope = "object",
    params = ORDERED_PARAMS, paging = "skip",
    filter = {
      dates = true, partnerTenantId = EQ_NE, id = EQ_NE, name = EQ_NE, market = EQ_NE,
      firstSubscriptionCreationDate = RANGE, latestSubscriptionCreationDate = RANGE,
      firstSubscriptionEndDate = RANGE, latestSubscriptionEndDate = RANGE,
      firstSubscriptionSuspendedDate = RANGE, latestSubscriptionSuspendedDate = RANGE,
      firstSubscriptionDeprovisionedDate = RANGE, latestSubscriptionDeprovisionedDate = RANGE,
    },
    groupby = RESELLER_FIELDS,
    counts = { "subscriptionCount", "licenseCount", "indirectResellerCount" },
    -- The sample's name; the table of fields has the right one.
    renames = { latestSubscriptionDeprovisionedEndDate = "latestSubscriptionDeprovisionedDate" },
  },
  {
    name = "analytics.referrals", method = "GET",
    path = "/partner/v1/analytics/referrals",
    user_required = true, envelope = "object",
    params = ANALYTICS_PARAMS, paging = "skip",
    filter = { ["*"] = EQ },
    groupby = true,
  },
  {
    name = "analytics.search", method = "GET",
    path = "/partner/v1/analytics/search",
    user_required = true, envelope = "object",
    params = ANALYTICS_PARAMS, paging = "skip",
    filter = { ["*"] = EQ },
    groupby = true,
    counts = { "searchResultPageViews", "contactClicks", "referralCount", "profileViews" },
  },
}
