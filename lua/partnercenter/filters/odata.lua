--- Filter nodes as the text that the service takes, and what of a filter a given
-- endpoint takes at all. Pure functions over the nodes of `partnercenter.filter`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.filters.odata

local wire = require("partnercenter.util").wire

-- By these the service searches customers and users, but no row of theirs shows them.
local SERVER_ONLY = {
  IndirectReseller = true, IndirectCloudSolutionProvider = true, UserState = true,
}


local OPPOSITE = { eq = "ne", ne = "eq", all = "any", any = "all" }

local M = {}

--- What the searches in JSON call their operators.
M.searches = { starts_with = "starts_with", eq = "equals" }

local function quoted(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

--- A value as a literal.
-- @param value a string, number, boolean, or a date's table
-- @treturn string
function M.literal(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) == "number" then return wire.numeral(value) end
  if type(value) == "boolean" then return tostring(value) end
  return ("cast(%s,Edm.DateTimeOffset)"):format(quoted(value.text))
end

local FUNCTIONS = { contains = "contains", starts_with = "startswith" }

--- The canonical text of a node: one level of grouping, one pair of parentheses.
-- @tparam table node
-- @treturn string
function M.text(node)
  if node.op == "negate" then return "not (" .. M.text(node.inner) .. ")" end
  if not node.list then
    local literal = M.literal(node.value)
    if not FUNCTIONS[node.op] then return node.field .. " " .. node.op .. " " .. literal end
    return ("%s(%s,%s)"):format(FUNCTIONS[node.op], node.field, literal)
  end
  local parts = {}
  for i, child in ipairs(node.list) do
    parts[i] = child.list and "(" .. M.text(child) .. ")" or M.text(child)
  end
  return table.concat(parts, node.op == "all" and " and " or " or ")
end

--- A node that joins others, without groups of the same kind inside.
-- @tparam string op "all" or "any"
-- @tparam table nodes array of at least one
-- @treturn table node
function M.group(op, nodes)
  if #nodes == 1 then return nodes[1] end
  local list = {}
  for _, node in ipairs(nodes) do
    for _, child in ipairs(node.op == op and node.list or { node }) do list[#list + 1] = child end
  end
  return { op = op, list = list }
end

--- How large a node is.
-- @tparam table node
-- @treturn number levels of nesting
-- @treturn number conditions
function M.measure(node)
  if node.field then return 1, 1 end
  local depth, conditions = 0, 0
  for _, child in ipairs(node.list or { node.inner }) do
    local d, c = M.measure(child)
    depth, conditions = math.max(depth, d), conditions + c
  end
  return depth + 1, conditions
end

--- The same condition with negations pushed inwards as far as they keep their
-- meaning: through all and any, and into eq and ne. They stay before the rest,
-- because a missing field fails both `gt` and `le`.
-- @tparam table node
-- @tparam[opt=false] boolean negated the opposite of it
-- @treturn table node
function M.normal(node, negated)
  if node.op == "negate" then return M.normal(node.inner, not negated) end
  if node.list then
    local list = {}
    for i, child in ipairs(node.list) do list[i] = M.normal(child, negated) end
    return M.group(negated and OPPOSITE[node.op] or node.op, list)
  end
  if not negated then return node end
  if not OPPOSITE[node.op] then return { op = "negate", inner = node } end
  local opposite = {}
  for name, value in pairs(node) do opposite[name] = value end
  opposite.op = OPPOSITE[node.op]
  return opposite
end

local function has_operator(operators, op)
  if type(operators) ~= "table" then return false end
  if operators[op] then return true end
  for _, known in ipairs(operators) do
    if known == op then return true end
  end
  return false
end

local function takes_value(value, capabilities)
  if type(value) == "number" then return capabilities.numbers == true end
  if type(value) == "table" then return capabilities.dates == true end
  return true
end

--- Why an endpoint does not take a node as it is.
-- @tparam table node
-- @tparam table capabilities see `partnercenter.filter.split`
-- @treturn[1] string what it does not take
-- @treturn[2] nil it does take it
function M.refusal(node, capabilities)
  if node.op == "negate" then return M.text(node) end
  for _, child in ipairs(node.list or {}) do
    local why = M.refusal(child, capabilities)
    if why then return why end
  end
  if node.list then return nil end
  local operators = capabilities[node.field]
  -- `dates`, `numbers` and `json` stand among the fields, and are none.
  if type(operators) == "boolean" then operators = nil end
  -- The service knows no paths into nested tables.
  if not node.field:find(".", 1, true) then operators = operators or capabilities["*"] end
  local taken = has_operator(operators, node.op) and takes_value(node.value, capabilities)
  return not taken and M.text(node) or nil
end

-- Which of the conditions a search in JSON is sent: it takes a single one. One whose
-- field no row shows comes first, since only the service can decide it.
local function pick_for_search(nodes, capabilities)
  local picked
  for i, node in ipairs(nodes) do
    local taken = M.searches[node.op] and type(node.value) == "string"
    if taken and not M.refusal(node, capabilities) then
      if SERVER_ONLY[node.field] then return i end
      picked = picked or i
    end
  end
  return picked
end

-- The values of a node that is one field compared with several by eq; nil for others.
local function values_of(node)
  if node.op ~= "any" then return nil end
  local values = {}
  for i, child in ipairs(node.list) do
    if child.op ~= "eq" or child.field ~= node.list[1].field then return nil end
    values[i] = child.value
  end
  return values
end

--- The plain conditions that a node joins by all.
-- @tparam table node
-- @treturn table see `partnercenter.filters.conditions`
function M.conditions(node)
  node = M.normal(node)
  local list = {}
  for i, part in ipairs(node.op == "all" and node.list or { node }) do
    local inner = part.op == "negate" and part.inner or part
    local values = values_of(part)
    if values then
      list[i] = { op = "in", field = part.list[1].field, values = values }
    elseif inner.field and (inner == part or FUNCTIONS[inner.op]) then
      list[i] = { op = inner.op, field = inner.field, value = inner.value, negated = inner ~= part }
    else
      list[i] = { text = M.text(part) }
    end
  end
  return list
end

--- The fields of a node.
-- @tparam table node
-- @treturn table array of names, each once
function M.fields(node)
  local list, seen = {}, {}
  local function collect(each)
    if each.field and not seen[each.field] then
      seen[each.field], list[#list + 1] = true, each.field
    end
    for _, child in ipairs(each.list or { each.inner }) do collect(child) end
  end
  collect(node)
  return list
end

--- The same node over other fields.
-- @tparam table node
-- @tparam function name_of gives the new name of a field
-- @treturn table
function M.rename(node, name_of)
  local copy = {}
  for name, value in pairs(node) do copy[name] = value end
  copy.field = node.field and name_of(node.field)
  copy.inner = node.inner and M.rename(node.inner, name_of)
  for i, child in ipairs(node.list or {}) do
    if i == 1 then copy.list = {} end
    copy.list[i] = M.rename(child, name_of)
  end
  return copy
end

--- The first field in a node that only the service can decide.
-- @tparam table node
-- @treturn ?string
function M.server_only(node)
  if node.field then return SERVER_ONLY[node.field] and node.field or nil end
  for _, child in ipairs(node.list or { node.inner }) do
    local field = M.server_only(child)
    if field then return field end
  end
  return nil
end

--- A node in two parts, which together mean the same.
-- @tparam table node
-- @tparam table capabilities see `partnercenter.filter.split`
-- @treturn ?table the node for the service
-- @treturn ?table the node for local rows
function M.split(node, capabilities)
  node = M.normal(node)
  local nodes = node.op == "all" and node.list or { node }
  local picked = capabilities.json and pick_for_search(nodes, capabilities)
  local remote, here = {}, {}
  for i, part in ipairs(nodes) do
    local taken = i == picked
    if not capabilities.json then taken = not M.refusal(part, capabilities) end
    local list = taken and remote or here
    list[#list + 1] = part
  end
  return remote[1] and M.group("all", remote), here[1] and M.group("all", here)
end

return M
