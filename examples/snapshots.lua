-- Keeps each month's licence deployment in an SQLite file (by LuaSQL, Debian's
-- lua-sql-sqlite3), and prints what has changed since the month before:
--   PARTNERCENTER_TOKEN=... lua examples/snapshots.lua licences.db
-- Or against the sandbox, which can show another day's data:
--   tools/with-sandbox lua examples/snapshots.lua /tmp/licences.db
--   tools/with-sandbox --processed=2017-04-14 lua examples/snapshots.lua /tmp/licences.db
local luasql = require "luasql.sqlite3"
local partnercenter = require "partnercenter"

local partner = partnercenter.new {
  credentials = partnercenter.credentials.token(os.getenv "PARTNERCENTER_TOKEN"),
  base_url = os.getenv "PARTNERCENTER_BASE_URL",    -- nil: the real service
  ca_file = os.getenv "PARTNERCENTER_CA_FILE",      -- nil: the system's
}
local db = assert(luasql.sqlite3():connect(arg[1] or "licences.db"))

local function run(statement, ...)
  local values = {}
  for i, value in ipairs { ... } do
    values[i] = type(value) == "number" and ("%d"):format(value)
      or "'" .. db:escape(value) .. "'"
  end
  return assert(db:execute((statement:gsub("%?(%d)", function(i) return values[tonumber(i)] end))))
end

run [[CREATE TABLE IF NOT EXISTS deployment (
  month TEXT, customer TEXT, channel TEXT, product TEXT, deployed INTEGER, sold INTEGER,
  PRIMARY KEY (month, customer, channel, product))]]

-- All or nothing: when reading fails, the month stays as it was.
db:setautocommit(false)
local month
local ok, err = pcall(function()
  for row in partner.analytics.commercial.deployment.license:each() do
    if not month then
      month = row.processedDateTime:sub(1, 7)
      run("DELETE FROM deployment WHERE month = ?1", month)
    end
    run("INSERT INTO deployment VALUES (?1, ?2, ?3, ?4, ?5, ?6)", month, row.customerTenantId,
      row.channel, row.productName, row.licensesDeployed, row.licensesSold)
  end
end)
partner:close()
if not ok then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
assert(db:commit())

local changes = run([[
  SELECT product, sum(deployed * now) AS now, sum(deployed * (1 - now)) AS before
  FROM (SELECT *, month = ?1 AS now FROM deployment WHERE month = ?1
    OR month = (SELECT max(month) FROM deployment WHERE month < ?1))
  GROUP BY product HAVING sum(deployed * now) <> sum(deployed * (1 - now)) ORDER BY product]],
  month or "")
print(("%s: licences deployed, and since the month before"):format(month or "nothing"))
for product, now, before in function() return changes:fetch() end do
  print(("%7d  %+7d  %s"):format(now, now - before, product))
end
db:close()
