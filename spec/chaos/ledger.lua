-- What happened: counts, the last events, problems. One for each Lua state.
local library = require "spec.support.library"
local watch = library("spec/chaos/watch.c", "luaopen_chaos_watch")

local M = { watch = watch }

local methods = {}
local mt = { __name = "chaos.ledger", __index = methods }

-- Problems after which nothing more is to be learnt.
local MOST_PROBLEMS = 20

--- `label` says of whom it tells, and begins every event.
function M.new(label)
  return setmetatable({ label = label, counts = {}, problems = 0, names = {} }, mt)
end

function methods:count(name, n)
  if not self.counts[name] then self.names[#self.names + 1] = name end
  self.counts[name] = (self.counts[name] or 0) + (n or 1)
end

--- Something that is shown when a problem comes soon afterwards.
function methods:event(text, ...)
  watch.event(self.label .. " " .. text:format(...))
end

--- Something that must not be. The first one shows what went before it.
function methods:problem(text, ...)
  self.problems = self.problems + 1
  if self.problems > MOST_PROBLEMS then return end
  text = ("PROBLEM: %s: %s"):format(self.label, text:format(...))
  watch.event(text)
  watch.say(text .. "\n")
  if self.problems == 1 then watch.dump() end
end

--- The counts on one line, which tools/chaos adds up.
function methods:line()
  table.sort(self.names)
  local parts = { "problems=" .. self.problems }
  for _, name in ipairs(self.names) do
    parts[#parts + 1] = ("%s=%d"):format(name, self.counts[name])
  end
  return "COUNTS " .. table.concat(parts, " ")
end

return M
