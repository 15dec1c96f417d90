-- What decoding takes of Lua's memory for documents that are made to make the
-- decoder guess wrong, as a multiple of their text. `make bench-memory`.
local core = require "partnercenter.core"
local hostile = require "bench.hostile"

local BYTES = 1024 * 1024

print(_VERSION .. ", texts of about a MiB: Lua's memory as a multiple of the text")
for _, case in ipairs(hostile) do
  local text = case.make(BYTES)
  collectgarbage()
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  local value = assert(core.decode(text, { max_depth = case.max_depth }))
  local taken = (collectgarbage("count") - before) * 1024
  collectgarbage("restart")
  print(("%-45s %6.1f"):format(case.name, value and taken / #text))
end
