--- Which report a person means: by its id, or by its name.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.find

local check = require("partnercenter.util").check
local failure = require "partnercenter.cli.failure"
local wire = require("partnercenter.util").wire

local M = {}

local function ids_of(rows)
  local ids = {}
  for i, row in ipairs(rows) do ids[i] = row.reportId end
  return table.concat(ids, ", ")
end

-- Letter case aside.
local function named(rows, word)
  local found, names = {}, {}
  for i, row in ipairs(rows) do
    names[i] = tostring(row.reportName)
    if wire.fold(names[i]) == wire.fold(word) then found[#found + 1] = row end
  end
  return found, names
end

--- The report, as the service shows it.
-- @tparam table task
-- @tparam string word
-- @treturn table
-- @raise a failure: there is none, or there are several
function M.find(task, word)
  local by_id = check.guid(word)
  local rows, err = task.partner.reports:list(by_id and { id = word } or {})
  if not rows then failure.fail(err) end
  local found, names = rows, {}
  if not by_id then found, names = named(rows, word) end
  if #found == 1 then return found[1] end
  if #found > 1 then
    failure.usage("%d reports are called '%s': name it by its id (%s)", #found, word, ids_of(found))
  end
  failure.usage("there is no report '%s'%s; 'partnercenter reports list' has them", word,
    check.hint(word, names))
end

return M
