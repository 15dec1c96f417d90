--- A report of licence insights as one web page that needs no network: totals,
-- bars by product and by customer, every row.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report

local fields = require "partnercenter.fields"
local html = require "partnercenter.cli.formats.report.html"
local insights = require "partnercenter.insights"
local output = require "partnercenter.cli.formats.output"
local page = require "partnercenter.cli.formats.report.page"
local partnercenter = require "partnercenter"

local M = {}

-- Rows in the last table; more would make the page slow on a phone.
local MOST_ROWS = 20000
-- Causes of failures that are named.
local MOST_FAILURES = 20

local KINDS = {
  deployment = {
    title = "Licence deployment", whole = "licensesSold", part = "licensesDeployed",
    share = "deployedShare", sold = "Sold", used = "Deployed", left = "Not deployed",
  },
  usage = {
    title = "Licence usage", whole = "licensesQualified", part = "licensesActive",
    share = "usedShare", sold = "Qualified", used = "In use", left = "Not in use",
  },
}

local POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
  .. "script-src '" .. page.script_hash .. "'; base-uri 'none'; form-action 'none'"

local function number_of(count, noun)
  return ("%s %s%s"):format(html.count(count), noun, count == 1 and "" or "s")
end

local function left_of(row, kind)
  local whole, part = fields.count(row, kind.whole), fields.count(row, kind.part)
  return whole and part and math.max(0, whole - part) or nil
end

-- Days as the service writes them: "2017-03-14" or "2017-03-14 to 2017-03-20".
local function processed_days(rows)
  local first, last
  for _, row in ipairs(rows) do
    local ok, seconds = pcall(partnercenter.datetime, row.processedDateTime)
    if ok and seconds then
      first, last = math.min(first or seconds, seconds), math.max(last or seconds, seconds)
    end
  end
  if not first then return nil end
  local from, to = os.date("!%Y-%m-%d", math.floor(first)), os.date("!%Y-%m-%d", math.floor(last))
  return from == to and from or from .. " to " .. to
end

local function head(kind, rows, task)
  local days = processed_days(rows)
  local about = ("%s%s, %s, from %s."):format(
    days and ("Processed on " .. days .. ": ") or "", number_of(task.answered, "customer"),
    number_of(#rows, "row"), html.escape(task.own.base_url))
  if kind == KINDS.usage then
    about = about .. " A licence counts once for each workload of its product."
  end
  if task.given.filter then
    about = about .. " Only rows with " .. html.escape(task.given.filter) .. "."
  end
  if task.given.below then
    about = about .. (" Only rows below %g %%."):format(task.given.below)
  end
  return ([[<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>%s</title>
<style>
%s</style>
</head>
<body>
<header>
<h1>%s</h1>
<p class="about">%s</p>
]]):format(POLICY, kind.title, page.style, kind.title, about)
end

local function warnings(task)
  local lines = {}
  if task.interrupted then
    lines[1] = task.customers > 0
      and ("Interrupted: %s of %s customers are in this report."):format(
        html.count(task.answered), html.count(task.customers))
      or "Interrupted: not all rows are in this report."
  end
  if task.failures.count > 0 then
    local causes = {}
    for i, line in ipairs(task.failures:lines()) do
      if i <= MOST_FAILURES then causes[i] = "<li>" .. html.escape(line) .. "</li>" end
    end
    lines[#lines + 1] = ("Without %s, whose calls failed:<ul>%s</ul>"):format(
      number_of(task.failures.count, "customer"), table.concat(causes))
  end
  if #lines == 0 then return "" end
  return '<div class="warn" role="note">' .. table.concat(lines, "<br>") .. "</div>\n"
end

local function totals(kind, sum, products, customers)
  local tiles = {
    { "Customers", html.count(#customers) }, { "Products", html.count(#products) },
    { kind.sold, html.count(sum[kind.whole] or 0) }, { kind.used, html.count(sum[kind.part] or 0) },
    { kind.left, html.count(left_of(sum, kind) or 0) }, { "Share", html.share(sum[kind.share]) },
  }
  local parts = {}
  for i, tile in ipairs(tiles) do
    parts[i] = ("<div><dt>%s</dt><dd>%s</dd></div>"):format(tile[1], tile[2])
  end
  return ('</header>\n<main>\n<section aria-labelledby="totals">\n<h2 id="totals">Totals</h2>\n'
    .. "<dl>%s</dl>\n</section>\n"):format(table.concat(parts, "\n"))
end

-- Groups as a table with a bar below each name.
local function write_groups(write, kind, id, what, field, groups)
  groups = insights.sort(groups, kind.whole, "desc")
  local largest = 0
  for _, group in ipairs(groups) do largest = math.max(largest, group[kind.whole] or 0) end
  local caption = ('<span class="key f"></span> %s of <span class="key"></span> %s'):format(
    kind.used:lower(), kind.sold:lower())
  write(('<section aria-labelledby="%s">\n<h2 id="%s">By %s</h2>\n<div class="scroll" '
    .. 'tabindex="0" role="region" aria-labelledby="%s">\n'):format(id, id, what, id))
  write(html.table_head(("Licences by %s: "):format(what) .. caption, {
    { what:sub(1, 1):upper() .. what:sub(2), class = "t" }, { kind.sold, sorted = "descending" },
    { kind.used }, { kind.left, class = "left" }, { "Share" },
  }))
  for _, group in ipairs(groups) do
    local whole, part = group[kind.whole] or 0, group[kind.part] or 0
    write(('<tr><th scope="row">%s%s</th><td>%s</td><td>%s</td><td class="left">%s</td>'
      .. "<td>%s</td></tr>\n"):format(html.name(group[field]), html.bar(whole, part, largest),
      html.count(whole), html.count(part), html.count(left_of(group, kind)),
      html.share(group[kind.share])))
  end
  write("</tbody>\n</table>\n</div>\n</section>\n")
end

local function write_rows(write, kind, rows)
  write('<section aria-labelledby="rows">\n<h2 id="rows">Every row</h2>\n')
  if #rows > MOST_ROWS then
    write(("<p>%s rows are too many for a page; <code>--format csv</code> has them.</p>\n"
      .. "</section>\n"):format(html.count(#rows)))
    return
  end
  local workload = kind == KINDS.usage
  write(('<details><summary>%s</summary>\n<div class="scroll" tabindex="0" role="region" '
    .. 'aria-labelledby="rows">\n<div class="wide">\n'):format(number_of(#rows, "row")))
  local titles = { { "Customer", class = "t" }, { "Product", class = "t" } }
  if workload then titles[3] = { "Workload", class = "t" } end
  for _, title in ipairs { kind.sold, kind.used, "Share" } do titles[#titles + 1] = { title } end
  write(html.table_head("Licences by customer and product", titles))
  for _, row in ipairs(rows) do
    write(('<tr><th scope="row">%s</th><td class="t">%s</td>%s<td>%s</td><td>%s</td><td>%s</td>'
      .. "</tr>\n"):format(
      html.name(row.customerName or row.customerId), html.name(row.productName),
      workload and ('<td class="t">%s</td>'):format(html.name(row.workloadName)) or "",
      html.count(fields.count(row, kind.whole)), html.count(fields.count(row, kind.part)),
      html.share(fields.count(row, kind.share))))
  end
  write("</tbody>\n</table>\n</div>\n</div>\n</details>\n</section>\n")
end

-- The history, day by day.
local function write_trend(write, kind, trend)
  if not trend or #trend < 2 then return end
  local largest = 0
  for _, day in ipairs(trend) do largest = math.max(largest, day[kind.whole] or 0) end
  write('<section aria-labelledby="days">\n<h2 id="days">By day</h2>\n<div class="scroll" '
    .. 'tabindex="0" role="region" aria-labelledby="days">\n')
  write(html.table_head("Licences by day, from the history", { { "Day", class = "t" },
    { kind.sold }, { kind.used }, { "Share" } }))
  for _, day in ipairs(trend) do
    local whole, part = day[kind.whole] or 0, day[kind.part] or 0
    write(('<tr><th scope="row">%s%s</th><td>%s</td><td>%s</td><td>%s</td></tr>\n'):format(
      html.escape(day.day), html.bar(whole, part, largest), html.count(whole), html.count(part),
      html.share(whole > 0 and part / whole or nil)))
  end
  write("</tbody>\n</table>\n</div>\n</section>\n")
end

-- Customers by id, since two may have the same name.
local function customers_of(rows)
  local names = {}
  for _, row in ipairs(rows) do names[row.customerId] = row.customerName or row.customerId end
  local groups = insights.summarize(rows, "customerId")
  for _, group in ipairs(groups) do group.customerName = names[group.customerId] end
  return groups
end

local function write_all(write, kind, rows, task)
  local sum = insights.summarize(rows)[1] or {}
  local products = insights.summarize(rows, "productName")
  local customers = customers_of(rows)
  write(head(kind, rows, task))
  write(warnings(task))
  write(totals(kind, sum, products, customers))
  write_groups(write, kind, "products", "product", "productName", products)
  write_groups(write, kind, "customers", "customer", "customerName", customers)
  write_trend(write, kind, task.trend)
  write_rows(write, kind, rows)
  write(("</main>\n<footer>Made by partnercenter %s on %s. Shares are computed from the counts."
    .. "</footer>\n<script>\n%s</script>\n</body>\n</html>\n"):format(partnercenter.version,
    os.date("!%Y-%m-%d %H:%M UTC"), page.script))
end

--- A report to be written to `given.html`.
-- @tparam table given the options of the command line
-- @tparam string command "deployment" or "usage"
-- @treturn table `row(row)`; `finish(whole, errors, task)` writes it; `drop()`
function M.new(given, command)
  local kind, rows = KINDS[command], {}
  local place = output.open(given.html)
  return {
    row = function(row) rows[#rows + 1] = row end,
    drop = place.drop,
    finish = function(whole, _, task)
      write_all(place.write, kind, rows, task)
      local kept = place.close(whole)
      if not kept and place.path ~= "-" then
        task.status:note(("%s: %s, %s"):format(place.path, number_of(task.answered, "customer"),
          number_of(#rows, "row")))
      end
      return kept
    end,
  }
end

return M
