--- The protocol of Redis (RESP 2), as far as a store needs it: one command, one answer.
-- What is none of that, what is too large and what comes unasked ends the connection, so
-- that nobody is ever given the answer to what another one has asked.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.store.redis_wire

local wire = require("partnercenter.util").wire

-- Bytes of a value: what a store keeps has a few MiB at most. Of a line, and values of a list.
local LARGEST, LONGEST_LINE, LONGEST_LIST = 64 * 1024 * 1024, 64 * 1024, 64
-- Bytes of an error that are shown.
local SHOWN = 200

-- What a server refuses that has become another one's replica, or part of a cluster, or
-- does not know this client any more: a new connection may lead to another one.
local ELSEWHERE = {
  READONLY = true, LOADING = true, MASTERDOWN = true, MOVED = true, CLUSTERDOWN = true,
  NOAUTH = true,
}

local NO_ANSWER = "what came is no answer of Redis"

local M = {}

local function line_of(self)
  while true do
    local at = self.rest:find("\r\n", 1, true)
    if at then
      local line = self.rest:sub(1, at - 1)
      self.rest = self.rest:sub(at + 2)
      return line
    end
    if #self.rest > LONGEST_LINE then return nil, NO_ANSWER end
    local bytes, why = self.receive()
    if not bytes then return nil, why end
    self.rest = self.rest .. bytes
  end
end

local function text_of(self, size)
  local wanted, parts, have = size + 2, { self.rest }, #self.rest
  while have < wanted do
    local bytes, why = self.receive()
    if not bytes then return nil, why end
    parts[#parts + 1], have = bytes, have + #bytes
  end
  local all = table.concat(parts)
  if all:sub(size + 1, wanted) ~= "\r\n" then return nil, NO_ANSWER end
  self.rest = all:sub(wanted + 1)
  return all:sub(1, size)
end

-- A size as it is sent; -1 stands for nothing.
local function size_of(text, most)
  local size = text == "-1" and -1 or wire.digits(text)
  return size and size <= most and size or nil
end

-- A server may quote what it was sent: secrets.
local function words_of(text)
  text = text:gsub(",? with args.*$", ""):sub(1, SHOWN)
  return (text:gsub("[^\32-\126]", "?"))
end

local read

local function list_of(self, size)
  local list = {}
  for i = 1, size do
    local kind, value = read(self, true)
    if not kind then return nil, value end
    if kind ~= "text" and kind ~= "number" then return nil, NO_ANSWER end
    list[i] = value
  end
  return list
end

-- What follows a size.
local function sized(self, text, most, kind, rest_of)
  local size = size_of(text, most)
  if not size then return nil, NO_ANSWER end
  if size == -1 then return "none" end
  local value, why = rest_of(self, size)
  if not value then return nil, why end
  return kind, value
end

-- The next answer: its kind and value, or nil and why.
function read(self, inner)
  local line, why = line_of(self)
  if not line then return nil, why end
  local mark, text = line:sub(1, 1), line:sub(2)
  if mark == "+" then return "status", text end
  if mark == "-" then return "error", words_of(text) end
  if mark == ":" and text:find "^%-?%d+$" then return "number", wire.number(text) end
  if mark == "$" then return sized(self, text, LARGEST, "text", text_of) end
  if mark == "*" and not inner then return sized(self, text, LONGEST_LIST, "list", list_of) end
  return nil, NO_ANSWER
end

local function request(...)
  local parts = { ("*%d\r\n"):format(select("#", ...)) }
  for i, text in ipairs { ... } do parts[i + 1] = ("$%d\r\n"):format(#text) .. text .. "\r\n" end
  return table.concat(parts)
end

--- One command over a connection.
-- @tparam table connection
-- @tparam function connection.send takes bytes; gives nil and why when they are not sent
-- @tparam function connection.receive gives some bytes, or nil and why
-- @tparam string wanted kind of answer: "text", "number", "status" or "list"; "none" is
--   always one
-- @tparam string ... the command and its arguments
-- @treturn[1] boolean true
-- @return[1] the answer; nil when it is none
-- @treturn[2] boolean false: the server refuses
-- @treturn[2] string its words
-- @treturn[2] boolean whether the connection is of use for other commands
-- @treturn[3] nil: the connection is not to be used any more
-- @treturn[3] string why
function M.ask(connection, wanted, ...)
  local sent, why = connection.send(request(...))
  if not sent then return nil, why end
  local state = { rest = "", receive = connection.receive }
  local kind, value = read(state)
  if not kind then return nil, value end
  if state.rest ~= "" then return nil, NO_ANSWER end
  if kind == "error" then return false, value, not ELSEWHERE[value:match "^%u+"] end
  if kind ~= wanted and kind ~= "none" then return nil, NO_ANSWER end
  return true, value
end

--- What a new connection begins with: it proves itself, and takes its database.
-- @tparam table connection
-- @tparam table place `user`, `password`, `database`
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why not
function M.greet(connection, place)
  local ok, why = true, nil
  if place.password and place.user then
    ok, why = M.ask(connection, "status", "AUTH", place.user, place.password)
  elseif place.password then
    ok, why = M.ask(connection, "status", "AUTH", place.password)
  end
  if ok and place.database ~= 0 then
    ok, why = M.ask(connection, "status", "SELECT", wire.fixed(place.database, 0))
  end
  if ok then return true end
  return nil, why
end

return M
