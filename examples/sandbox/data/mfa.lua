-- Who has called with a second factor and who without: three days of two applications.
local data = require "sandbox.data.data"
local licenses = require "sandbox.data.licenses"

local M = {}

local TENANT = "9a5f1c7e-3d42-4b6a-8e21-70c4b1d65f38"
local WITH, WITHOUT = "adele@contoso.com", "script@contoso.com"

local REQUEST = '{"requestId":"%s","correlationId":"","operationName":"Get /v{version}/customers",'
  .. '"requestDateTime":"2018-10-%02dT08:%02d:00.53","ipAddress":"192.0.2.%d","objectId":"%s",'
  .. '"tenantId":"%s","upn":"%s","applicationId":"%s","mfaCompliant":%s}'
local PRINCIPAL = '{"objectId":"%s","tenantId":"%s","upn":"%s",'
  .. '"lastNonMfaCompliantRequestDateTime":"2018-10-14T22:09:53.051"}'
local ADOPTION = '{"loginDate":"2018-10-%02d","mfaCompliantRequestCount":%d,'
  .. '"totalRequestCount":%d,"applicationId":"%s","applicationName":""}'

function M.requests()
  local items = {}
  for n = 1, 12 do
    local compliant = n % 3 > 0
    items[n] = REQUEST:format(data.guid("request " .. n), 15 - math.ceil(n / 4), n, n,
      data.guid(compliant and WITH or WITHOUT), TENANT, compliant and WITH or WITHOUT,
      data.guid("application " .. n % 2), tostring(compliant))
  end
  return 200, licenses.envelope(items)
end

function M.principals()
  return 200, licenses.envelope { PRINCIPAL:format(data.guid(WITHOUT), TENANT, WITHOUT) }
end

-- A bare array, as documented.
function M.adoption()
  local items = {}
  for n = 0, 5 do
    items[#items + 1] = ADOPTION:format(14 - math.floor(n / 2), 7, 7 + 7 * (n % 2),
      data.guid("application " .. n % 2))
  end
  return 200, "[" .. table.concat(items, ",") .. "]"
end

return M
