--- The fields that the service documents for the rows of each resource: data only.
-- The names of resources are those of the catalogue.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.fields.documented

local function join(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, name in ipairs(list) do all[#all + 1] = name end
  end
  return all
end

local INSIGHT = { "productName", "serviceCode", "serviceName", "channel", "processedDateTime" }
local DEPLOYMENT = { "licensesSold", "licensesDeployed" }
local USAGE = { "workloadCode", "workloadName", "licensesQualified", "licensesActive" }
local OF_CUSTOMER = join(INSIGHT,
  { "customerId", "customerName", "attributes", "attributes.objectType" })
local COMMERCIAL = join(INSIGHT, { "customerTenantId", "customerName", "productId" })

return {
  customers = {
    "id", "commerceId", "companyProfile", "companyProfile.companyName", "companyProfile.domain",
    "companyProfile.tenantId", "companyProfile.organizationRegistrationNumber",
    "relationshipToPartner", "allowDelegatedAccess", "customDomains", "associatedPartnerId",
    "links", "attributes", "attributes.objectType",
    -- Names of the search alone.
    "CompanyName", "Domain", "IndirectReseller", "IndirectCloudSolutionProvider",
  },
  ["customers.analytics.licenses.deployment"] =
    join(OF_CUSTOMER, DEPLOYMENT, { "deploymentPercent" }),
  ["customers.analytics.licenses.usage"] = join(OF_CUSTOMER, USAGE, { "usagePercent" }),
  ["customers.subscribedskus"] = {
    "activeUnits", "availableUnits", "consumedUnits", "suspendedUnits", "totalUnits",
    "warningUnits", "capabilityStatus", "productSku", "productSku.id", "productSku.name",
    "productSku.skuPartNumber", "productSku.targetType", "productSku.licenseGroupId",
    "servicePlans", "attributes", "attributes.objectType",
  },
  ["customers.subscriptions"] = {
    "id", "offerId", "offerName", "friendlyName", "entitlementId", "productType",
    "productType.id", "productType.displayName", "quantity", "unitType", "parentSubscriptionId",
    "hasPurchasableAddons", "creationDate", "effectiveStartDate", "commitmentEndDate",
    "cancellationAllowedUntilDate", "billingCycleEndDate", "status", "suspensionReasons",
    "autoRenewEnabled", "isTrial", "billingType", "billingCycle", "termDuration",
    "renewalTermDuration", "isMicrosoftProduct", "partnerId", "attentionNeeded", "actionTaken",
    "contractType", "publisherName", "orderId", "promotionId", "refundOptions",
    "scheduledNextTermInstructions", "links", "attributes", "attributes.objectType",
  },
  ["customers.subscriptions.provisioningstatus"] = {
    "skuId", "status", "quantity", "endDate", "attributes", "attributes.objectType",
  },
  ["customers.users"] = {
    "id", "userPrincipalName", "firstName", "lastName", "displayName", "usageLocation",
    "userDomainType", "state", "phoneNumber", "immutableId", "lastDirectorySyncTime",
    "softDeletionTime", "links", "attributes", "attributes.objectType",
    -- The name of the search alone.
    "UserState",
  },
  ["customers.users.licenses"] = {
    "productSku", "productSku.id", "productSku.name", "productSku.skuPartNumber",
    "productSku.licenseGroupId", "servicePlans", "attributes", "attributes.objectType",
  },
  ["profiles.organization"] = {
    "id", "companyName", "defaultAddress", "tenantId", "domain", "email", "language", "culture",
    "profileType", "links", "attributes", "attributes.objectType",
  },
  ["profiles.mpn"] = { "mpnId", "profileType", "links", "attributes", "attributes.objectType" },
  partnerRequests = {
    "requestId", "correlationId", "operationName", "requestDateTime", "ipAddress", "objectId",
    "tenantId", "upn", "applicationId", "mfaCompliant",
  },
  nonMfaCompliantPartnerPrincipals = {
    "objectId", "tenantId", "upn", "lastNonMfaCompliantRequestDateTime",
  },
  applicationmfaadoptionstatus = {
    "loginDate", "mfaCompliantRequestCount", "totalRequestCount", "applicationId",
    "applicationName",
  },
  ["analytics.licenses.deployment"] =
    join(INSIGHT, DEPLOYMENT, { "proratedDeploymentPercent", "attributes" }),
  ["analytics.licenses.usage"] =
    join(INSIGHT, USAGE, { "proratedLicensesUsagePercent", "attributes" }),
  ["analytics.commercial.deployment.license"] = join(COMMERCIAL, DEPLOYMENT),
  ["analytics.commercial.usage.license"] = join(COMMERCIAL, USAGE),
  ["analytics.subscriptions"] = {
    "customerTenantId", "customerName", "customerMarket", "id", "status", "productName",
    "subscriptionType", "autoRenewEnabled", "partnerId", "friendlyName", "partnerName",
    "providerName", "creationDate", "effectiveStartDate", "commitmentEndDate",
    "currentStateEndDate", "trialToPaidConversionDate", "trialStartDate", "trialEndDate",
    "lastUsageDate", "deprovisionedDate", "lastRenewalDate", "licenseCount",
    "subscriptionCount", "churnRisk", "billingCycleName",
  },
  ["analytics.usage.azure"] = {
    "customerTenantId", "customerName", "subscriptionId", "subscriptionName", "usageDate",
    "resourceLocation", "meterCategory", "meterSubcategory", "meterUnit", "reservationOrderId",
    "reservationId", "consumptionMeterId", "serviceType", "quantity",
  },
  ["analytics.indirectresellers"] = {
    "partnerTenantId", "id", "name", "market", "firstSubscriptionCreationDate",
    "latestSubscriptionCreationDate", "firstSubscriptionEndDate", "latestSubscriptionEndDate",
    "firstSubscriptionSuspendedDate", "latestSubscriptionSuspendedDate",
    "firstSubscriptionDeprovisionedDate", "latestSubscriptionDeprovisionedDate",
    "subscriptionCount", "licenseCount", "indirectResellerCount",
  },
  ["analytics.referrals"] = {
    "id", "status", "customerMarket", "customerName", "customerOrgSize", "acceptedDate",
    "acknowledgedDate", "archivedDate", "declinedDate", "expiredDate", "lostDate", "missedDate",
    "createdDate", "skippedDate", "wonDate", "partnerMarket", "referralCount",
  },
  ["analytics.search"] = {
    "companyName", "contactButtonClicked", "detailsViewed", "referralSubmitted",
    "keywordCountry", "keywordIndustryFocus", "keywordProduct", "keywordSearchText", "mpnId",
    "partnerMarket", "searchDate", "searchResultPageViews", "contactClicks", "referralCount",
    "profileViews",
  },
}
