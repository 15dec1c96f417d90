--- The sections of a report: sums by product and by customer, the days and changes of
-- the history, and every row, customer by customer.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.sections

local history = require "partnercenter.history"
local html = require "partnercenter.cli.formats.report.html"
local insights = require "partnercenter.insights"
local measures = require "partnercenter.cli.formats.report.measures"

local M = {}

local function begin(write, id, title, wide)
  write(('<section>\n<h2 id="%s">%s</h2>\n<div class="scroll%s" '
    .. 'tabindex="0" role="region" aria-labelledby="%s">\n'):format(id, title,
    wide and " wide" or "", id))
end

local function finish(write)
  write("</tbody>\n</table>\n</div>\n</section>\n")
end

--- Sums as a table, the most to act on first, with a bar below each name.
-- @tparam function write
-- @tparam table section `id`, `title`, `what` ("product" or "customer"), `measure`
-- @tparam table sums array
function M.groups(write, section, sums)
  local measure, what = section.measure, section.what
  local names, largest = measure.names, 0
  for _, sum in ipairs(sums) do largest = math.max(largest, sum.whole[measure.id] or 0) end
  begin(write, section.id, section.title)
  write(html.table_head(('Licences by %s: <span class="key f"></span> %s of '
    .. '<span class="key"></span> %s'):format(what, names.part:lower(), names.whole:lower()), {
    { what:sub(1, 1):upper() .. what:sub(2), class = "t" },
    { names.left, sorted = "descending" }, { names.whole, class = "more" },
    { names.part, class = "more" }, { "Share", class = "s" },
  }, "top"))
  local mark, own = what:sub(1, 1), section.first
  for _, sum in ipairs(measures.ordered(sums, measure)) do
    local whole, part = sum.whole[measure.id] or 0, sum.part[measure.id] or 0
    local share = measures.share(sum, measure)
    write(('<tr%s><th scope="row"><a href="#%s%d">%s</a>%s</th><td>%s</td><td class="more">%s</td>'
      .. '<td class="more">%s</td>%s</tr>\n'):format(
      own and mark == "p" and (' id="p%d"'):format(sum.n) or "", mark, sum.n, html.name(sum.name),
      html.bar(whole, part, largest, html.level(share)), html.count(sum.left[measure.id] or 0),
      html.count(whole), html.count(part), html.share_cell(share)))
  end
  finish(write)
end

--- The history, day by day.
-- @tparam function write
-- @tparam table section `measure`
-- @tparam table trend
function M.days(write, section, trend)
  local measure, largest = section.measure, 0
  for _, day in ipairs(trend) do largest = math.max(largest, day[measure.whole] or 0) end
  begin(write, section.id, section.title)
  write(html.table_head("Licences by day, from the history", { { "Day", class = "t" },
    { measure.names.whole }, { measure.names.part }, { "Share", class = "s" } }))
  for _, day in ipairs(trend) do
    local whole, part = day[measure.whole] or 0, day[measure.part] or 0
    local share = insights.share(day) -- of the rows that have both counts
    write(('<tr><th scope="row">%s%s</th><td>%s</td><td>%s</td>%s</tr>\n'):format(
      html.escape(day.day), html.bar(whole, part, largest, html.level(share)), html.count(whole),
      html.count(part), html.share_cell(share)))
  end
  finish(write)
end

-- Those that moved most first.
local function by_size(changes, counts)
  local list, size = {}, {}
  for i, change in ipairs(changes) do
    list[i], size[change] = change, { 0, i }
    for _, name in ipairs(counts) do
      size[change][1] = size[change][1] + math.abs(change[name .. "Change"] or 0)
    end
  end
  table.sort(list, function(a, b)
    local x, y = size[a], size[b]
    if x[1] ~= y[1] then return x[1] > y[1] end
    return x[2] < y[2]
  end)
  return list
end

--- What changed between the last two days of the history.
-- @tparam function write
-- @tparam table section `measure`, `kind` of the history
-- @tparam table changes `from`, `to`, `list`
function M.changes(write, section, changes)
  local known, names = history.kinds[section.kind], section.measure.names
  begin(write, section.id, section.title, true)
  write(html.table_head(("Licences from %s to %s"):format(html.escape(changes.from),
    html.escape(changes.to)), {
    { "Customer", class = "t" }, { "Product", class = "t" }, { "Change", class = "t" },
    { names.whole }, { "+/−" }, { names.part }, { "+/−" },
  }, "top"))
  for _, change in ipairs(by_size(changes.list, known.counts)) do
    local cells = {}
    for i, name in ipairs(known.counts) do
      cells[i] = ("<td>%s</td><td>%s</td>"):format(html.count(change[name]),
        html.difference(change[name .. "Change"]))
    end
    local product = html.name(change.productName)
    if change.workloadName then product = product .. ", " .. html.name(change.workloadName) end
    write(('<tr><th scope="row">%s</th><td class="t">%s</td><td class="t">%s</td>%s</tr>\n'):format(
      html.name(change.customerName or change.customerId), product, html.escape(change.change),
      table.concat(cells)))
  end
  finish(write)
end

-- Every row is here, however many there are: so what HTML lets be left out is (the end
-- tags of cells, rows and groups), and each product is named once.
local function write_products(write, kind, customer)
  local own = {}
  for i, each in ipairs(customer.of) do
    own[i] = each.sum
    each.sum.own = each
  end
  for _, sum in ipairs(measures.ordered(own, kind.measures[1])) do
    local product, rows = sum.own.product, sum.own.rows
    write(("<tr><th%s><a href=#p%d>%s</a>"):format(
      #rows > 1 and (" rowspan=%d"):format(#rows) or "", product.n, html.name(product.name)))
    for i, row in ipairs(rows) do
      if i > 1 then write "<tr>" end
      if kind.workload then write("<td>" .. html.name(row.workloadName)) end
      for _, measure in ipairs(kind.measures) do
        local whole, part, left = measures.of_row(row, measure)
        local share = whole and part and whole > 0 and part / whole or nil
        write(("<td>%s<td>%s<td>%s<td%s>%s"):format(html.count(left), html.count(whole),
          html.count(part), html.level(share) == "low" and " class=low" or "",
          html.percent(share)))
      end
      write "\n"
    end
  end
end

--- What ends or renews, the earliest first.
-- @tparam function write
-- @tparam table section `id`, `title`
-- @tparam table rows those of `renewals_of`
function M.renewals(write, section, rows)
  begin(write, section.id, section.title, true)
  write(html.table_head("The next day on which licences end or renew", {
    { "Customer", class = "t" }, { "Product", class = "t" },
    { "Day", class = "t", sorted = "ascending" }, { "Then", class = "t" }, { "Sold" },
    { "Unassigned" },
  }, "top"))
  for _, row in ipairs(rows) do
    write(('<tr><th scope="row">%s</th><td class="t">%s</td><td class="t">%s</td>'
      .. '<td class="t">%s</td><td>%s</td><td>%s</td></tr>\n'):format(
      html.name(row.customerName or row.customerId), html.name(row.productName),
      html.escape(row.renews_on), row.auto_renews and "renews" or "ends",
      html.count(row.sold), html.count(row.unassigned)))
  end
  finish(write)
end

--- Every row: a customer after the other, each to be opened.
-- @tparam function write
-- @tparam table section `id`, `title`
-- @tparam table kind
-- @tparam table customers array of sums
function M.rows(write, section, kind, customers)
  local first = kind.measures[1]
  local titles = { "<th class=t>Product", kind.workload and "<th class=t>Workload" or nil }
  for _, measure in ipairs(kind.measures) do
    local names = measure.names
    titles[#titles + 1] = ("<th>%s<th>%s<th>%s<th>Share %%"):format(names.left, names.whole,
      names.part)
  end
  local table_start = ('<table class="%s">\n<thead><tr>%s<tbody>\n'):format(
    kind.workload and "rows w" or "rows", table.concat(titles))
  write(('<section aria-labelledby="%s">\n<h2 id="%s">%s</h2>\n'):format(section.id, section.id,
    section.title))
  for _, customer in ipairs(measures.ordered(customers, first)) do
    local share = measures.share(customer, first)
    write(('<details><summary>%s <span>%s %s of %s, %s</span></summary>\n<div id="c%d" '
      .. 'tabindex="-1" class="scroll"><p class="id">%s</p>\n%s'):format(html.name(customer.name),
      html.count(customer.left[first.id]), first.names.left:lower(),
      html.count(customer.whole[first.id]), html.share(share), customer.n,
      html.name(customer.id), table_start))
    write_products(write, kind, customer)
    write("</table>\n</div>\n</details>\n")
  end
  write("</section>\n")
end

return M
