-- Writes doc/faults.md from the table of faults that spec/calls/faults_spec.lua runs:
--
--   lua5.4 tools/faults_doc.lua >doc/faults.md
local HEAD = [[
# What goes wrong, and what you get

Every line below is made to happen by a server on this machine, over TLS, each time the specs run;
this page is written from the table that they are held to (`make faults-doc`). "You get" is the
`kind` of the error, or how many rows. "Requests" counts those that reached the server for one
call. All calls here may be tried once more (`retries = 1`) unless said; an attempt and connecting
may take 5 s (0.5 s where a time-out is to happen), a body 1 MiB.

No token follows a redirect or a link to another server: those lines also check that the other
server saw nothing. No secret is in any of the errors or events.
]]

local CALLS = {
  each = "`each`", all = "`all`", analytics = "`all`, analytics", sign_in = "`get`, signing in",
  clock = "`get`, three times", every = "`get`, of each resource", get = "`get`",
  change = "a POST, after a `get`",
}

local function one_of(list)
  local parts = {}
  for i, value in ipairs(list) do
    parts[i] = type(value) == "number" and (value == 1 and "1 row" or value .. " rows") or value
  end
  return table.concat(parts, " or ")
end

local function outcome(fault)
  local text = one_of(fault.gets_any or { fault.gets })
  if fault.rows then text = one_of { fault.rows } .. ", then " .. text end
  return text
end

local function requests(fault)
  if fault.requests then return tostring(fault.requests) end
  return fault.requests_least .. " to " .. fault.requests_most
end

local function conditions(fault)
  local parts = { (assert(CALLS[fault.call], fault.call)) }
  for _, name in ipairs { "retries", "max_pages" } do
    local value = (fault.options or {})[name]
    if value then parts[#parts + 1] = ("`%s = %s`"):format(name, value) end
  end
  return table.concat(parts, ", ")
end

local function row(fault)
  return ("| %s | %s | %s | %s | %g s |"):format((fault.what:gsub("|", "\\|")), conditions(fault),
    outcome(fault), requests(fault), fault.within)
end

local function page(faults)
  local lines, groups, order = { HEAD }, {}, {}
  for _, fault in ipairs(faults) do
    if not groups[fault.group] then
      groups[fault.group] = {}
      order[#order + 1] = fault.group
    end
    table.insert(groups[fault.group], row(fault))
  end
  for _, name in ipairs(order) do
    lines[#lines + 1] = "## " .. name .. "\n"
    lines[#lines + 1] = "| What goes wrong | Call | You get | Requests | Within |"
    lines[#lines + 1] = "|---|---|---|---|---|"
    lines[#lines + 1] = table.concat(groups[name], "\n") .. "\n"
  end
  return (table.concat(lines, "\n"))
end

if ... ~= "tools.faults_doc" then
  package.path = "./?.lua;" .. package.path
  io.write(page(require "spec.support.faults"))
end
return page
