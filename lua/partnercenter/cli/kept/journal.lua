--- What customers, or other things that are asked one by one, have answered today: see
-- `partnercenter.cli.kept.file`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.kept.journal

local file_of = require "partnercenter.cli.kept.file"
local json = require("partnercenter.util").json

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.journal", __index = methods }

--- The journal of a run.
-- @tparam table task
-- @param ... what is asked: texts, or arrays of texts
-- @treturn Journal `answers` and `failed` by id, of an earlier run of this day
function M.open(task, ...)
  local self = setmetatable({ kept = file_of.open(task, ...), answers = {}, failed = {} }, mt)
  if not self.kept.used then return self end
  -- Of two lines about one customer the later counts.
  for entry in self.kept:each() do
    if type(entry.id) == "string" then
      self.answers[entry.id], self.failed[entry.id] = entry.rows, entry.rows == nil or nil
    end
  end
  return self
end

--- A journal that keeps nothing: a run of one call needs none.
-- @treturn Journal
function M.none()
  return setmetatable({ answers = {}, failed = {} }, mt)
end

--- Tell of when the answers are.
-- @tparam string what such as "the answers are"
function methods:tell(what)
  self.kept:tell(what)
end

--- Note an answer.
-- @tparam string id
-- @tparam ?table rows nil: the call failed, or not all of the answer came
function methods:note(id, rows)
  if not self.kept then return end
  self.kept:put(json.encode { id = id, rows = rows })
  -- A call takes longer than a disk.
  self.kept:flush()
end

--- The end of the run.
-- @tparam boolean whole nothing is missing
function methods:close(whole)
  if self.kept then self.kept:close(whole) end
end

return M
