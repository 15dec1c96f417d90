--- The rows of a report's file while they arrive: fetched without the token from
-- wherever the link says, and gone on with by range when the way breaks.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.reports.file

local calls = require "partnercenter.calls"
local csv = require "partnercenter.csv"
local errors = require "partnercenter.errors"
local places = require "partnercenter.reports.place"

local BREAKS = 5 -- in a row, without a byte in between

local M = {}

local function failure(message)
  return errors.from_failure("protocol", "the report's file: " .. message, { retryable = false })
end

-- A link is a secret, and so is what makes it one.
local function check_link(file, link)
  file.register.add(link)
  local query = link:match("%?(.*)$")
  if query then file.register.add(query) end
  file.register.add(link:match("[?&]sig=([^&]+)"))
  if not link:find("^https://[^/%s]+/[^%c%s]*$") then
    return failure "its link is no https address"
  end
  return nil
end

local function request_of(file, link)
  local headers = { { "Accept", "*/*" } }
  if file.place.count > 0 then
    headers[2] = { "Range", ("bytes=%d-"):format(file.place.count) }
    headers[3] = { "Accept-Encoding", "identity" }
  end
  return { method = "GET", url = link, headers = headers, resource = "the report's file",
    raw = true,
    base_url = link }
end

local KINDS = { [403] = "forbidden", [404] = "not_found", [429] = "throttled" }

-- The error of an answer of the store, which speaks otherwise than the service.
local function store_error(err)
  if not err.status or err.status < 300 then return err end
  return errors.from_failure(KINDS[err.status] or "http",
    ("the report's file: the store answered %d"):format(err.status),
    { status = err.status, url = err.url, attempts = err.attempts, body = err.body,
      retryable = err.retryable })
end

local function finish(file)
  file.stream, file.ended = nil, true
  local ok, message, line, byte, column = file.decoder:finish()
  if not ok then return csv.failure(file.decoder, message, line, byte, column) end
  return nil
end

-- Nothing of it is missing, as far as its store has told.
local function finish_whole(file)
  local whole, why = places.is_whole(file.place)
  if whole then return finish(file) end
  return failure(why or "its store has not all of it")
end

-- The way broke: whether to go on.
local function may_resume(file, err)
  file.stream = nil
  file.breaks = file.breaks + 1
  return err.retryable and file.breaks <= BREAKS and not file.left
end

-- An answer that broke off before its first byte is no worse than one that broke later;
-- and while rows were given, the way itself may be gone for longer than a call's tries.
local function is_break(file, err)
  if err.status then return err.status < 300 end
  return err.kind == "network" and file.place.count > 0
end

-- Ask for the file, or for the rest of it. A link that is over is asked for anew.
local function open(file, iterating)
  local err
  for attempt = 1, 2 do
    local link
    link, err = file.find_link(iterating)
    if not link then return err end
    err = check_link(file, link)
    if err then return err end
    local stream
    stream, err = file.transport:bytes(request_of(file, link), iterating, file)
    if stream then
      local why = places.take(file.place, stream)
      if why then return failure(why) end
      file.stream = stream
      return nil
    end
    if is_break(file, err) and may_resume(file, err) then return nil end
    -- All of it had come, but not its end.
    if err.status == 416 and file.place.count > 0 then return finish_whole(file) end
    local over = err.status == 403 or err.status == 404 or err.status == 400
    if not over or attempt == 2 then break end
  end
  return store_error(err)
end

local function feed(file, piece)
  local new, why = places.advance(file.place, piece)
  if not new then return failure(why) end
  if new == "" then return nil end
  file.breaks = 0
  local ok, message, line, byte, column = file.decoder:feed(new)
  if not ok then return csv.failure(file.decoder, message, line, byte, column) end
  return nil
end

local function stop(file)
  file.ended, file.err, file.rows, file.at = true, nil, {}, 0
  local call = file.call
  file.call, file.stream = nil, nil
  if call then calls.cancel(call) end
end

-- A body has ended. One that is no whole file, or may have broken off, is asked for what
-- lies behind its end: where that is nothing, it is the file's.
local function confirm(file)
  local whole, why = places.is_whole(file.place)
  if whole == nil then return failure(why) end
  local sure = file.place.length or file.ended_at == file.place.count or not file.stream.unsure
  if whole and sure then return finish(file) end
  if file.breaks > BREAKS then return failure "where it ends cannot be told" end
  file.stream, file.ended_at, file.breaks = nil, file.place.count, file.breaks + 1
  return nil
end

local function read_piece(file, iterating)
  local ok, piece = file.stream:next(iterating)
  if ok then return feed(file, piece) end
  if not piece then return confirm(file) end
  if may_resume(file, piece) then return nil end
  return piece
end

-- Read on, once.
local function advance(file, iterating)
  if file.busy then
    return errors.from_failure("config", "the report's file is being read by another call, or an "
      .. "error has ended that", { retryable = false })
  end
  file.busy = true
  local err = (file.stream and read_piece or open)(file, iterating)
  file.rows, file.at = file.decoder:rows(), 0
  local headings = not file.keep and file.decoder:headings()
  if headings then
    -- An answer of something in between has no names in its first line.
    local why = csv.check_headings(headings, file.separator)
    if not why then file.keep, why = file.keeper(headings) end
    if why then file.rows, err = {}, why end
  end
  file.busy = false
  return err
end

--- A file to read.
-- @tparam table options
-- @tparam Transport options.transport without sign-in
-- @tparam table options.register of secrets
-- @tparam function options.find_link gives the link, or nil and an error
-- @tparam table options.csv of the decoder
-- @tparam function options.keeper takes the names of the columns, gives a function that
--   takes a row and says whether it is wanted; or nil and an error
-- @tparam ?number options.limit rows at most
-- @treturn table for `next` and `close`
function M.new(options)
  return {
    transport = options.transport, register = options.register, find_link = options.find_link,
    keeper = options.keeper, decoder = csv.decoder(options.csv), separator = options.csv.separator,
    left_to_give = options.limit or math.huge,
    rows = {}, at = 0, place = { count = 0, skip = 0 }, breaks = 0,
  }
end

--- The next row.
-- @tparam table file
-- @tparam ?boolean iterating
-- @treturn[1] table
-- @treturn[2] nil the end
-- @treturn[3] nil
-- @treturn[3] Error
function M.next(file, iterating)
  while true do
    local at = file.at + 1
    local row = file.rows[at]
    if row ~= nil then
      file.at, file.rows[at] = at, false
      if file.keep(row) then
        file.left_to_give = file.left_to_give - 1
        if file.left_to_give == 0 then stop(file) end
        return row
      end
    elseif file.err then
      return nil, file.err
    elseif file.ended then
      return nil
    else
      file.err = advance(file, iterating)
    end
  end
end

--- The names of its columns.
-- @tparam table file
-- @treturn ?{string,...} nil before its first line came
function M.headings(file) return file.decoder:headings() end

--- Stop reading.
-- @tparam table file
function M.close(file)
  file.left = true
  stop(file)
end

return M
