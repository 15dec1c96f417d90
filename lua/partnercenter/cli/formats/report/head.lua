--- The beginning of a report: who made it and when, what is missing, the number to act
-- on, the other totals, and where to find what.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.head

local html = require "partnercenter.cli.formats.report.html"
local measures = require "partnercenter.cli.formats.report.measures"
local page = require "partnercenter.cli.formats.report.page"
local partnercenter = require "partnercenter"

local M = {}

-- Causes of failures that are named.
local MOST_FAILURES = 20

local POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
  .. "script-src '%s'; base-uri 'none'; form-action 'none'"

-- Days as the service writes them: "2017-03-14" or "2017-03-14 to 2017-03-20".
local function processed_days(rows)
  local first, last
  for _, row in ipairs(rows) do
    local ok, seconds = pcall(partnercenter.datetime, row.processedDateTime or row.deployed_on)
    if ok and seconds then
      first, last = math.min(first or seconds, seconds), math.max(last or seconds, seconds)
    end
  end
  if not first then return nil end
  local from, to = os.date("!%Y-%m-%d", math.floor(first)), os.date("!%Y-%m-%d", math.floor(last))
  return from == to and from or from .. " to " .. to
end

local function about_rows(kind, rows, task)
  local days = processed_days(rows)
  local about = ("%s%s, %s, from %s."):format(
    days and ("Processed on " .. days .. ": ") or "", html.number_of(task.answered, "customer"),
    html.number_of(#rows, "row"), html.escape(task.own.base_url))
  if kind.workload then
    about = about .. " A licence counts once for each workload of its product."
  end
  if task.given.filter then
    about = about .. " Only rows with " .. html.escape(task.given.filter) .. "."
  end
  if task.given.below then
    about = about .. (" Only rows below %g %%."):format(task.given.below)
  end
  return about
end

local function made(task)
  local tenant = task.settings and task.settings.values.tenant
  local from = task.reused_from and ", with rows that were read at "
    .. task.reused_from:gsub("^(%S+)T(%d+:%d+).*$", "%2 UTC") or ""
  return ("Made%s on %s by partnercenter %s%s."):format(
    tenant and " for " .. html.escape(tenant) or "", os.date("!%Y-%m-%d %H:%M UTC"),
    partnercenter.version, from)
end

--- The head of the page, and its title.
-- @tparam table kind
-- @tparam table rows
-- @tparam table task
-- @treturn string
function M.head(kind, rows, task)
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
<p class="about">%s</p>
]]):format(POLICY:format(page.script_hash()), kind.title, page.style, kind.title,
    about_rows(kind, rows, task), made(task))
end

--- What a reader must know is missing.
-- @tparam table task
-- @treturn string
function M.warnings(task)
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
      html.number_of(task.failures.count, "customer"), table.concat(causes))
  end
  if #lines == 0 then return "" end
  return '<div class="warn" role="note">' .. table.concat(lines, "<br>") .. "</div>\n"
end

--- The contents: a jump to each section.
-- @tparam table sections array of { id, title }
-- @treturn string
function M.contents(sections)
  local links = {}
  for i, section in ipairs(sections) do
    links[i] = ('<li><a href="#%s">%s</a></li>'):format(section.id, html.escape(section.title))
  end
  return '</header>\n<nav aria-label="Contents">\n<ul>' .. table.concat(links) .. "</ul>\n</nav>\n"
end

local function tile(name, value, level)
  return ('<div><dt>%s</dt><dd%s>%s</dd></div>\n'):format(name,
    level and level ~= "" and (' class="%s"'):format(level) or "", value)
end

--- The totals: first, and large, the number to act on.
-- @tparam table kind
-- @tparam table sums
-- @treturn string
function M.totals(kind, sums)
  local all, first = sums.all, kind.measures[1]
  local parts = { ('<main>\n<section aria-labelledby="totals">\n<h2 id="totals">Totals</h2>\n'
    .. '<p class="act"><strong>%s</strong> %s</p>\n<dl>\n'):format(
    html.count(all.left[first.id] or 0), first.act),
    tile("Customers", html.count(#sums.customers)), tile("Products", html.count(#sums.products)) }
  for i, measure in ipairs(kind.measures) do
    local id, share, names = measure.id, measures.share(all, measure), measure.names
    parts[#parts + 1] = tile(names.whole, html.count(all.whole[id] or 0))
      .. tile(names.part, html.count(all.part[id] or 0))
      .. (i > 1 and tile(names.left, html.count(all.left[id] or 0)) or "")
      .. tile(#kind.measures > 1 and "Share " .. names.part:lower() or "Share", html.share(share),
        html.level(share))
  end
  for _, currency in ipairs(sums.currencies) do
    parts[#parts + 1] = tile("Unassigned, a month",
      ("%s %s"):format(html.money(sums.costs[currency]), html.escape(currency)))
  end
  return table.concat(parts) .. "</dl>\n</section>\n"
end

return M
