--- The SQLite file that a history lives in, by LuaSQL (Debian: lua-sql-sqlite3).
-- SPDX-License-Identifier: MIT
-- @module partnercenter.history.store

local core = require "partnercenter.core"
local errors = require "partnercenter.errors"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.history.store", __index = methods }

local SCHEMA = {
  [[CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL,
    UNIQUE (source, kind, day))]],
  [[CREATE TABLE IF NOT EXISTS entry (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id), key TEXT NOT NULL, row TEXT NOT NULL,
    PRIMARY KEY (snapshot, key)) WITHOUT ROWID]],
}

local function config_error(message)
  return errors.from_failure("config", message)
end

-- A new file is for nobody else; SQLite takes an empty one for a new database. Of what is
-- none it would write to where a link leads, and wait at a pipe.
local function make_private(path)
  local kind = core.file_kind(path)
  if kind == "file" then return true end
  if kind then return nil, "it is a " .. kind .. ", not a file" end
  return core.file_write(path, "")
end

--- Opens the file, and makes it when it is missing (mode 0600).
-- @tparam string path
-- @treturn[1] Store
-- @treturn[2] nil
-- @treturn[2] Error config
function M.open(path)
  local found, luasql = pcall(require, "luasql.sqlite3")
  if not found then
    return nil, config_error("a history needs LuaSQL for SQLite (Debian: lua-sql-sqlite3)")
  end
  local ok, why = make_private(path)
  if not ok then return nil, config_error(("%s cannot be opened: %s"):format(path, why)) end
  local environment = luasql.sqlite3()
  local connection
  connection, why = environment:connect(path)
  if not connection then return nil, config_error(("%s: %s"):format(path, why)) end
  local self = setmetatable({ path = path, environment = environment, connection = connection },
    mt)
  local err
  -- Another process may be writing.
  if connection.setbusytimeout then connection:setbusytimeout(5000) end
  for _, statement in ipairs(SCHEMA) do
    ok, err = self:run(statement)
    if not ok then
      self:close()
      return nil, err
    end
  end
  return self
end

--- Runs a statement with texts and whole numbers in the place of `?`.
-- @tparam string statement
-- @param ... the values
-- @treturn[1] number|userdata what LuaSQL gives
-- @treturn[2] nil
-- @treturn[2] Error config
function methods:run(statement, ...)
  local values, at = { ... }, 0
  local text = statement:gsub("%?", function()
    at = at + 1
    local value = values[at]
    if type(value) == "number" then return ("%d"):format(value) end
    return "'" .. self.connection:escape(value) .. "'"
  end)
  local result, why = self.connection:execute(text)
  if result then return result end
  return nil, config_error(("%s: %s"):format(self.path, why))
end

--- All rows of a query.
-- @tparam string statement
-- @param ... the values
-- @treturn[1] table array of arrays
-- @treturn[2] nil
-- @treturn[2] Error config
function methods:rows(statement, ...)
  local cursor, err = self:run(statement, ...)
  if not cursor then return nil, err end
  local list = {}
  while true do
    local row = cursor:fetch({}, "n")
    if not row then break end
    list[#list + 1] = row
  end
  cursor:close()
  return list
end

--- Does work in one transaction: all of it, or nothing.
-- @tparam function work gives true, or nil and an error
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error
function methods:all_or_nothing(work)
  local ok, err = self:run "BEGIN IMMEDIATE"
  if not ok then return nil, err end
  local done, result, why = pcall(work)
  if done and result then return self:run "COMMIT" and true end
  self:run "ROLLBACK"
  if not done then error(result, 0) end
  return nil, why
end

--- Closes the file; may be called again.
function methods:close()
  if not self.connection then return end
  self.connection:close()
  self.environment:close()
  self.connection = nil
end

return M
