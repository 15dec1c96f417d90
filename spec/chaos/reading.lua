-- One reading of one answer, judged: which rows came, whether it may end, whether
-- it may fail.
local rows = require "spec.chaos.rows"
local watch = require("spec.chaos.ledger").watch

local M = {}

local methods = {}
local mt = { __name = "chaos.reading", __index = methods }

-- Rows after which the watch is told that it goes on.
local STRIDE = 200

--- A reading of a plan; `way` says how it is read: get, all, pages, each, raw.
function M.new(ledger, plan, way)
  ledger:count("bodies", #plan.sizes)
  return setmetatable({ ledger = ledger, plan = plan, way = way, n = 0, excuses = {} }, mt)
end

function methods:label()
  return ("%s %s, %d of %d rows"):format(self.plan.who, self.way, self.n, self.plan.total)
end

function methods:problem(text, ...)
  self.ledger:problem("%s: %s (asked for %s%s)", self:label(), text:format(...),
    require("spec.chaos.plan").address(self.plan),
    self.plan.failure and ", to fail: " .. self.plan.failure.name or "")
end

--- Errors of this kind are no fault from now on; "memory": those of memory.
function methods:excuse(kind)
  self.excuses[kind] = true
end

--- The next row. False when it is not the one that is due.
function methods:row(row)
  local fault = self.n >= self.plan.total and "is one too many"
    or (self.plan.fault or rows.fault)(row, self.plan.who, self.n + 1, self.plan.length)
  if fault then
    self:problem("the row after it %s", fault)
    self.broken = true
    return false
  end
  self.n = self.n + 1
  if self.n % STRIDE == 0 then watch.move() end
  self.ledger:count("rows")
  return true
end

--- Rows in one array, from the one that is due on.
function methods:rows(list)
  for i = 1, #list do
    if not self:row(list[i]) then return false end
  end
  return true
end

local function must_fail(self)
  local failure = self.plan.failure
  return failure and failure.always and not (failure.at_once and self.way == "each")
end

--- It ended as a success; `page`: after one page of several.
function methods:ended(page)
  local due = page and self.plan.sizes[1] or self.plan.total
  if self.broken then return end
  if self.n ~= due then return self:problem("it ended, but %d rows were due", due) end
  if must_fail(self) then self:problem("it did not fail") end
  self.ledger:count("ends")
end

-- By memory that ran out, now or before: the core does not go on with what it ended.
local function is_memory(err)
  local text = tostring(err)
  return text:find("not enough memory", 1, true) ~= nil
    or text:find("an error has ended that", 1, true) ~= nil
end

-- May it fail like this?
local function is_due(self, err)
  local failure, kind = self.plan.failure, type(err) == "table" and err.kind
  if self.excuses.memory and is_memory(err) then return true end
  if self.excuses[kind] then return true end
  if not failure or not failure.kinds[kind] then return false end
  if failure.each_only and self.way ~= "each" and self.way ~= "raw" then return false end
  return not failure.text or tostring(err):find(failure.text, 1, true) ~= nil
end

--- It failed with an error object or a message.
function methods:failed(err)
  self.ledger:event("%s failed: %s", self:label(), tostring(err))
  if self.broken then return end
  if not is_due(self, err) then return self:problem("failed: %s", tostring(err)) end
  self.ledger:count("failures")
end

return M
