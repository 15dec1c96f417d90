--- A line of a terminal that shows how a number went.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.chart

local M = {}

local STEPS = { "\226\150\129", "\226\150\130", "\226\150\131", "\226\150\132", "\226\150\133",
  "\226\150\134", "\226\150\135", "\226\150\136" }
local PLAIN = { "_", ".", "-", "=", "+", "*", "#", "@" }

--- One character for each value, from the least to the largest.
-- @tparam table values array of numbers
-- @tparam boolean unicode blocks; else ASCII
-- @treturn string
function M.line(values, unicode)
  local least, largest = math.huge, -math.huge
  for _, value in ipairs(values) do
    least, largest = math.min(least, value), math.max(largest, value)
  end
  local steps, parts = unicode and STEPS or PLAIN, {}
  for i, value in ipairs(values) do
    local height = largest > least and (value - least) / (largest - least) or 0
    parts[i] = steps[1 + math.floor(height * (#steps - 1) + 0.5)]
  end
  return table.concat(parts)
end

return M
