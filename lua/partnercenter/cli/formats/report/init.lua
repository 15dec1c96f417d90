--- A report of licence insights as one web page that needs no network: the number to
-- act on, sums by product and by customer that lead to each other, what the history
-- knows, every row.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report

local head = require "partnercenter.cli.formats.report.head"
local html = require "partnercenter.cli.formats.report.html"
local measures = require "partnercenter.cli.formats.report.measures"
local output = require "partnercenter.cli.output"
local page = require "partnercenter.cli.formats.report.page"
local sections = require "partnercenter.cli.formats.report.sections"

local M = {}

-- The sections that there is something for, in their order: `id`, `title`, and `write`,
-- which takes the section.
local function sections_of(write, kind, command, sums, rows, task)
  local list = {}
  local function add(id, title, section)
    section.id, section.title = id, title
    list[#list + 1] = section
  end
  for i, measure in ipairs(kind.measures) do
    local end_of_id = i > 1 and "-" .. measure.id or ""
    local end_of_title = #kind.measures > 1 and ": " .. measure.names.part:lower() or ""
    for _, what in ipairs { "product", "customer" } do
      add(what .. "s" .. end_of_id, "By " .. what .. end_of_title, {
        measure = measure, what = what, first = i == 1,
        write = function(section) sections.groups(write, section, sums[what .. "s"]) end,
      })
    end
  end
  local renewals = measures.renewals_of(rows)
  if renewals[1] then
    add("renewing", "Renewing", {
      write = function(section) sections.renewals(write, section, renewals) end,
    })
  end
  if task.changes and task.changes.list[1] then
    add("changes", "Changes", { measure = kind.measures[1], kind = command,
      write = function(section) sections.changes(write, section, task.changes) end })
  end
  if task.trend and task.trend[2] then
    add("days", "By day", { measure = kind.measures[1],
      write = function(section) sections.days(write, section, task.trend) end })
  end
  add("rows", "Every row", {
    write = function(section) sections.rows(write, section, kind, sums.customers) end,
  })
  return list
end

local function write_all(write, command, rows, task)
  local kind = measures.kinds[command]
  local sums = measures.sums(rows, kind)
  local list = sections_of(write, kind, command, sums, rows, task)
  write(head.head(kind, rows, task))
  write(head.warnings(task))
  write(head.contents(list))
  write(head.totals(kind, sums))
  for _, section in ipairs(list) do section.write(section) end
  write(("</main>\n<footer>Shares are computed from the counts. Licences that are in use beyond "
    .. "the whole do not make up for those that are left elsewhere.</footer>\n<script>\n%s"
    .. "</script>\n</body>\n</html>\n"):format(page.script))
end

--- A report to be written to `given.html`.
-- @tparam table given the options of the command line
-- @tparam string command "deployment", "usage" or "licences"
-- @treturn table `row(row)`; `finish(whole, errors, task)` writes it; `drop()`
function M.new(given, command)
  local rows = {}
  local place = output.open(given.html)
  return {
    row = function(row) rows[#rows + 1] = row end,
    drop = place.drop,
    finish = function(whole, _, task)
      write_all(place.write, command, rows, task)
      local kept = place.close(whole)
      if not kept and place.path ~= "-" then
        task.status:note(("%s: %s, %s"):format(place.path,
          html.number_of(task.answered, "customer"), html.number_of(#rows, "row")))
      end
      return kept
    end,
  }
end

return M
