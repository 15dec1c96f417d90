--- What a report is to hold, from the command line to the library: a data set with its
-- columns, or a query that is there or written out.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.commands.reports.wanted

local failure = require "partnercenter.cli.failure"
local formats = require "partnercenter.cli.formats"
local rows_of = require "partnercenter.cli.commands.reports.rows"

local M = {}

--- A condition, as an example.
M.example = "WorkloadName eq 'Exchange'"

--- The options that say what.
-- @tparam table command of lua-argparse
-- @param ... further options of the group
function M.options(command, ...)
  command:argument("dataset"):args "?":argname "<data set>"
    :description "Such as OfficeUsage; 'partnercenter reports datasets' has them."
  command:group("Main options",
    command:option("--timespan"):argname "<span>"
      :description("LAST_MONTH, LAST_3_MONTHS and so on, as the data set has them; none is six "
        .. "months."),
    command:flag("--distinct"):description "Each row once.",
    command:flag("--duplicates"):description "Rows that stand for another location of yours, too.",
    command:option("--query"):argname "<text>"
      :description "A text of the query language instead of a data set.",
    command:option("--system"):argname "<name>"
      :description "A query of the service instead; 'partnercenter reports queries --system'.",
    command:option("--query-id"):argname "<guid>":description "A query that is there instead.",
    command:option("--name"):argname "<text>":description "The name of the report.", ...)
end

local function order_of(sort)
  return sort and { ("%s %s"):format(sort.field, sort.direction) } or nil
end

-- One of four says what to ask.
local function check_one(given)
  local count = 0
  for _, name in ipairs { "dataset", "query", "system", "query_id" } do
    if given[name] then count = count + 1 end
  end
  if count ~= 1 then
    failure.usage("name a data set ('partnercenter reports datasets' has them), or say one of "
      .. "--query, --system and --query-id")
  end
end

local function check_dataset(given)
  if given.dataset and not given.columns then
    failure.usage("say which --columns; 'partnercenter reports columns %s' has them", given.dataset)
  end
  if given.dataset then return end
  for _, name in ipairs { "timespan", "distinct" } do
    if given[name] then
      failure.usage("--%s goes with a data set: a query has its own", name)
    end
  end
end

--- What the library is to ask.
-- @tparam table given the options of the command line
-- @treturn table as for `partner.reports:start`
-- @treturn table what is left to decide on the rows: `given` for a plan
-- @raise a failure of use
function M.of(given)
  check_one(given)
  check_dataset(given)
  local what = { dataset = given.dataset, query = given.query, system = given.system,
    query_id = given.query_id, timespan = given.timespan, distinct = given.distinct or nil,
    name = given.name, duplicates = given.duplicates or nil }
  local here = {}
  for name, value in pairs(given) do here[name] = value end
  if given.dataset then
    what.columns, what.order = given.columns, order_of(given.sort)
    what.where = given.filter and formats.condition.read(given.filter)
    here.columns, here.sort, here.filter = nil, nil, given.filter_here
    -- What is left out here must not be counted there.
    if not given.filter_here then what.limit, here.limit = given.limit, nil end
  elseif given.filter_here then
    failure.usage("--filter-here goes with a data set: of a query --filter decides on the rows")
  end
  -- What is wrong with it is said before anything is sent.
  if given.dataset then
    formats.rows.plan { given = here, columns = rows_of.columns(given.columns) }
  else
    formats.rows.plan { given = { command = given.command, format = given.format,
      output = given.output } }
  end
  return what, here
end

return M
