--- What customers answered today, kept so that an interrupted run can go on. A line a
-- customer, in a file that nobody else reads; the next run begins it anew.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.journal

local core = require "partnercenter.core"
local formats = require "partnercenter.cli.formats"
local partnercenter = require "partnercenter"
local shell = require "partnercenter.cli.shell"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.cli.journal", __index = methods }

-- Bytes of a file's name that are made of the question.
local LONGEST = 150

local function today() return os.date("!%Y-%m-%d") end

-- Who asks whom for what: the answers to another question are no use.
local function question_of(task, kind)
  local values, own = task.settings.values, task.own
  return table.concat({ kind, values.profile or "", values.tenant or "", values.client_id or "",
    own.base_url, own.locale or "" }, " ")
end

-- The answers of today, and who failed; of two lines about one the later holds.
local function read(path, question)
  local answers, failed = {}, {}
  local file = io.open(path)
  if not file then return answers, failed, nil end
  local day, asked = (file:read("*l") or ""):match("^# (%S+) (.*)$")
  if asked ~= question then
    file:close()
    return answers, failed, nil
  end
  for line in file:lines() do
    local entry = partnercenter.decode(line)      -- the last one may be cut off
    if type(entry) == "table" and type(entry.id) == "string" then
      answers[entry.id], failed[entry.id] = entry.rows, entry.rows == nil or nil
    end
  end
  file:close()
  return answers, failed, day
end

--- The journal of a run.
-- @tparam table task
-- @tparam string kind what is asked of each customer
-- @treturn Journal `answers` and `failed` by id, of an earlier run of this day, when
--   `--resume` asks for them
function M.open(task, kind)
  local question = question_of(task, kind)
  local path = ("%s/runs/%s.ndjson"):format(task.settings.state,
    question:gsub("[^%w]+", "-"):sub(1, LONGEST))
  local self = setmetatable({ path = path, question = question, answers = {}, failed = {} }, mt)
  if task.given.resume then
    local answers, failed, day = read(path, question)
    if day == today() then
      self.answers, self.failed = answers, failed
    elseif day then
      task.status:note("the run that was interrupted is of another day; all are asked again")
    end
  end
  self.fresh = next(self.answers) == nil and next(self.failed) == nil
  return self
end

-- The file is made with the first line: a run of one call needs none.
-- Without a place for it the run goes on all the same.
local function open_file(self)
  if self.fresh then
    shell.make_directory(self.path:match("^(.*)/"), true)
    if not core.file_write(self.path, ("# %s %s\n"):format(today(), self.question)) then return end
  end
  self.file = io.open(self.path, "a")
end

--- Note the answer of a customer.
-- @tparam string id
-- @tparam ?table rows nil: the call failed
function methods:note(id, rows)
  if not self.tried then open_file(self) end
  self.tried = true
  if not self.file then return end
  self.file:write(formats.json.encode { id = id, rows = rows }, "\n")
end

--- The end of the run.
function methods:close()
  if self.file then self.file:close() end
end

return M
