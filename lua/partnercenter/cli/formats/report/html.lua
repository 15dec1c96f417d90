--- Pieces of a web page: everything that comes from outside is escaped here.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.html

local columns = require "partnercenter.cli.formats.columns"
local json = require "partnercenter.cli.formats.json"
local text_of = require("partnercenter.util").text

local M = {}

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

local LONGEST = 2000      -- bytes of a name

--- Text as it may stand in an element or in a quoted attribute.
-- @param value
-- @treturn string
function M.escape(value)
  return (text_of.line(tostring(value), LONGEST):gsub("[&<>\"']", ENTITIES))
end

--- A name from outside: its writing direction stays its own.
-- @param value or nil
-- @treturn string
function M.name(value)
  if value == nil then return "–" end
  local escaped = M.escape(type(value) == "string" and value or json.encode(value))
  return escaped:find("[\128-\255]") and "<bdi>" .. escaped .. "</bdi>" or escaped
end

--- A whole number with a comma before each three digits.
-- @tparam ?number value
-- @treturn string a dash when there is none
function M.count(value)
  if not value then return "–" end
  local digits = ("%.0f"):format(value)
  local sign, rest = digits:match("^(%-?)(%d+)$")
  if not rest then return M.escape(digits) end
  return sign .. (rest:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

--- An amount of money, with two decimals.
-- @tparam number value not negative
-- @treturn string
function M.money(value)
  local whole, cents = columns.fixed(value, 2):match("^(%d+)(%.%d%d)$")
  return M.count(tonumber(whole)) .. cents
end

--- A share in per cent.
-- @tparam ?number share 0 to 1
-- @treturn string a dash when there is none
function M.percent(share)
  return share and columns.fixed(100 * share, 1) or "–"
end

--- A share as a percentage, with its sign.
-- @tparam ?number share 0 to 1
-- @treturn string a dash when there is none
function M.share(share)
  return share and M.percent(share) .. " %" or "–"
end

--- A change of a count, with its sign.
-- @tparam ?number value
-- @treturn string
function M.difference(value)
  if not value or value == 0 then return M.count(value) end
  return value > 0 and "+" .. M.count(value) or "−" .. M.count(-value)
end

--- So many of something.
-- @tparam number count
-- @tparam string noun
-- @treturn string
function M.number_of(count, noun)
  return ("%s %s%s"):format(M.count(count), noun, count == 1 and "" or "s")
end

--- How good a share is.
-- @tparam ?number share 0 to 1
-- @treturn string "low", "mid" or "high"; empty when there is none
function M.level(share)
  if not share then return "" end
  return share < 0.4 and "low" or share < 0.7 and "mid" or "high"
end

--- A cell with a share, coloured by its level.
-- @tparam ?number share
-- @treturn string
function M.share_cell(share)
  return ('<td class="%s">%s</td>'):format(M.level(share), M.share(share))
end

--- A bar: its length is the whole against the largest, its filled part the share.
-- The numbers stand beside it, so it is hidden from those who listen.
-- @tparam number whole
-- @tparam number part
-- @tparam number largest
-- @tparam string level of the share
-- @treturn string
function M.bar(whole, part, largest, level)
  local length = largest > 0 and 100 * whole / largest or 0
  local filled = whole > 0 and 100 * math.min(1, part / whole) or 0
  return ('<span class="bar %s" aria-hidden="true"><span style="width:%s%%"><i style="width:%s%%">'
    .. "</i></span></span>"):format(level, columns.fixed(length, 2), columns.fixed(filled, 2))
end

--- The start of a table that a click on a title orders.
-- @tparam string caption
-- @tparam table titles array of { title, class, sorted = "descending" }
-- @tparam[opt] string class "top": a long one, whose first rows are shown at first
-- @treturn string
function M.table_head(caption, titles, class)
  local cells = {}
  for i, title in ipairs(titles) do
    cells[i] = ('<th scope="col"%s%s>%s</th>'):format(
      title.class and (' class="%s"'):format(title.class) or "",
      title.sorted and (' aria-sort="%s"'):format(title.sorted) or "", title[1])
  end
  return ('<table class="order%s">\n<caption>%s</caption>\n<thead><tr>%s</tr></thead>\n<tbody>\n')
    :format(class and " " .. class or "", caption, table.concat(cells))
end

return M
