--- Envelopes made alike: whatever form an answer has, it becomes a table with
-- `items` and `totalCount`, and its rows get their documented names and types.
--
-- The forms, with their keys in any letter case: `totalCount/items/links`,
-- `Value/@nextLink/TotalCount`, `value/nextLink/totalCount` with a message, a
-- bare array, a bare object.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.envelope

local continuations = require "partnercenter.pages.continuation"
local core = require "partnercenter.core"
local errors = require "partnercenter.errors"
local fields = require "partnercenter.fields"
local text = require("partnercenter.util").text
local wire = require("partnercenter.util").wire

local MAX_NAME = 60   -- bytes of a member's name in a message

local M = {}

-- What a fault may consist of; anything with other members is a row.
local FAULT_MEMBERS = { code = true, description = true, data = true, source = true,
  attributes = true, message = true }

local function numeral(value)
  if value == nil or type(value) == "number" then return value end
  if type(value) ~= "string" then return nil end
  return wire.number(value)
end

local function count(value)
  local number = numeral(value)
  return number and number >= 0 and number % 1 == 0 and number or nil
end

local function is_collection(document, keys)
  local attributes = document[keys.attributes or ""]
  return type(attributes) == "table" and attributes.objectType == "Collection"
end

local function is_fault(document, keys)
  if not (keys.statuscode or keys.error or keys.code) then return false end
  local status = numeral(document[keys.statuscode or ""])
  if status and status >= 400 then return true end
  local inner = document[keys.error or ""]
  if type(inner) == "table" and (inner.code or inner.message) then return true end
  if type(inner) == "string" and type(document[keys.error_description or ""]) == "string" then
    return true
  end
  local code, description = document[keys.code or ""], document[keys.description or ""]
  if not numeral(code) or type(description) ~= "string" then return false end
  if type(document[keys.source or ""]) == "string" then return true end
  -- Every fault that is documented has a source, or details; a code with a description
  -- alone is a row of somebody's.
  if type(document[keys.data or ""]) ~= "table" then return false end
  for name in pairs(keys) do
    if not FAULT_MEMBERS[name] then return false end
  end
  return true
end

-- A fault that came with a status of success.
local function fault(document, mask)
  local err = errors.from_response({ status = 200, body = "{}", mask = mask },
    function() return document end)
  err.body = nil
  return err
end

-- What the members beside rows and their number say.
local function kind_told(keys)
  if keys.nextlink or (keys.statuscode and keys.message) then return "insights" end
  if keys["@nextlink"] or keys["@odata.nextlink"] or keys["odata.nextlink"] then
    return "value"
  end
  return nil
end

-- "items", "value", "insights", "object" or "empty".
local function kind_of(document, keys, telling, resource)
  local rows, told = keys.items or keys.value, telling and kind_told(keys)
  if told then return told end
  if keys.items and type(document[keys.items]) == "table" then return "items" end
  if is_collection(document, keys) then return "items" end
  if keys.value and type(document[keys.value]) == "table" then return "value" end
  if keys.totalcount then
    local analytic = resource.envelope ~= "items" and resource.paging == "skip"
    return (analytic or keys.totalcount == "TotalCount") and "value" or "items"
  end
  if rows and resource.envelope then return keys.items and "items" or "value" end
  return next(document) == nil and "empty" or "object"
end

--- What an answer says about itself and about the next page.
-- @tparam table document the decoded answer, with its rows or without
-- @tparam table resource an entry of `partnercenter.resources.catalogue`
-- @tparam[opt] function mask takes secrets out of a fault
-- @treturn[1] table `kind` ("items", "value", "insights", "array", "object" or
--   "empty"), `total` (the count as it came), `next_link` (of `@nextLink`,
--   `nextLink`, `@odata.nextLink` or `__next`), `links_next` (of `links.next`), `token` (of
--   `continuationToken`), `unknown` (the member by which it goes on in a way that
--   is not known), `rows_key` and `total_key` (how they are written), `other_key` (where
--   rows may stand as well)
-- @treturn[2] nil
-- @treturn[2] Error a fault that came with a status of success, or no table
function M.envelope(document, resource, mask)
  if type(document) ~= "table" then
    return nil, errors.from_failure("protocol", resource.name .. ": the answer is "
      .. (document == nil and "empty" or "no collection and no object"))
  end
  if document[1] ~= nil then return { kind = "array" } end
  local keys, telling = continuations.spellings(document)
  if telling and is_fault(document, keys) then return nil, fault(document, mask) end
  local kind = kind_of(document, keys, telling, resource)
  if kind == "object" or kind == "empty" then return { kind = kind } end
  local envelope = telling and continuations.find(document, keys)
    or { total_key = nil, total = nil, rows_key = nil }
  envelope.kind = kind
  envelope.total_key = keys.totalcount or keys["@odata.count"]
  envelope.total = count(document[envelope.total_key or ""])
  envelope.rows_key = kind == "items" and (keys.items or keys.value) or keys.value or keys.items
  envelope.other_key = keys.items and keys.value
    and (envelope.rows_key == keys.items and keys.value or keys.items) or nil
  return envelope
end

--- One row with its documented names and types; the same table, mended.
-- @tparam table row
-- @tparam table resource an entry of `partnercenter.resources.catalogue`
-- @treturn[1] table row
-- @treturn[2] nil
-- @treturn[2] Error the row is no object
function M.row(row, resource)
  if type(row) ~= "table" then
    if resource.any_rows then return row end
    return nil, errors.from_failure("protocol", resource.name .. ": a row is not an object")
  end
  if resource.renames then
    for wrong, right in pairs(resource.renames) do
      if row[wrong] ~= nil and row[right] == nil then row[right], row[wrong] = row[wrong], nil end
    end
  end
  local counts = resource.counts
  for i = 1, counts and #counts or 0 do
    local value = row[counts[i]]
    if type(value) == "string" then row[counts[i]] = numeral(value) or value end
  end
  return row
end

-- The decoder has mended rows that stand in an array, and tells when one of them is no
-- object; a document that is a row itself is mended here.
local function check_rows(rows, envelope, resource, scalars)
  if envelope.kind ~= "object" and (not scalars or resource.any_rows) then return nil end
  for i = 1, #rows do
    local _, err = M.row(rows[i], resource)
    if err then return err end
  end
  return nil
end

-- The error of an object that is no row: it says what is wrong, or holds the rows in a
-- form that is not known.
local function no_row(document, resource, mask)
  local err = fault(document, mask)
  if err.description or err.error then return err end
  local names = {}
  for name in pairs(document) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return errors.from_failure("protocol", ("%s: the answer is no collection, and no row with a "
    .. "documented field: it has '%s'"):format(resource.name, text.line(names[1], MAX_NAME)))
end

-- A bare object is the only row, if it looks like one. What other calls answer is not
-- documented here.
local function is_row(document, resource)
  if resource.any_rows then return true end
  for name in pairs(document) do
    if fields.is_documented(name) then return true end
  end
  return false
end

-- What is wrong with the members that hold the rows, or nil.
local function wrong_rows(document, envelope, rows)
  -- It would be overwritten by the rows.
  if document.items ~= nil and envelope.rows_key ~= "items" then
    return "the answer has rows and other items beside them"
  end
  local other = envelope.other_key and document[envelope.other_key]
  if type(other) == "table" and type(rows) == "table" then
    return ("the answer has rows under '%s' and under '%s'"):format(envelope.rows_key,
      envelope.other_key)
  end
  if rows == nil or rows == core.null then return nil end
  local listed = type(rows) == "table" and (rows[1] ~= nil or next(rows) == nil)
  return not listed and "the rows are not an array" or nil
end

-- The rows of a document, or nil and an error.
local function rows_of(document, envelope, resource, mask)
  if envelope.kind == "array" then return document end
  if envelope.kind == "object" then
    if is_row(document, resource) then return { document } end
    return nil, no_row(document, resource, mask)
  end
  local rows = envelope.rows_key and document[envelope.rows_key]
  local why = wrong_rows(document, envelope, rows)
  if why then return nil, errors.from_failure("protocol", resource.name .. ": " .. why) end
  return type(rows) == "table" and rows or {}
end

-- Is the answer a page as it is? Most are: rows, their number, and attributes that tell
-- nothing.
local function is_page(document, resource, scalars)
  local rows = type(document) == "table" and not resource.single and document.items
  if type(rows) ~= "table" or rows[1] == nil or scalars then return false end
  local total = document.totalCount
  if type(total) ~= "number" or total < 0 or total % 1 ~= 0 then return false end
  for key, value in next, document do
    local known = key == "items" or key == "totalCount"
    if not known and (key ~= "attributes" or not continuations.are_plain(value)) then
      return false
    end
  end
  return true
end

--- A page: the answer's own members with `items` and `totalCount`.
--
-- `totalCount` is what the answer says, else the number of rows. That of the
-- `items` form counts the page; that of the analytics form counts the rows of
-- all pages. A resource that is one thing gives the thing itself.
-- @tparam table document the decoded answer; it becomes the page
-- @tparam table resource an entry of `partnercenter.resources.catalogue`
-- @tparam[opt] function mask takes secrets out of a fault
-- @tparam[opt] boolean scalars whether a row is no object, as the decoder has found
-- @treturn[1] table the page
-- @treturn[1] table its envelope, as `envelope` gives it
-- @treturn[2] nil
-- @treturn[2] Error a fault, an empty answer, or something that is no collection
function M.normalize(document, resource, mask, scalars)
  if is_page(document, resource, scalars) then
    return document,
      { kind = "items", total_key = "totalCount", total = document.totalCount, rows_key = "items" }
  end
  local envelope, err = M.envelope(document, resource, mask)
  if not envelope then return nil, err end
  if resource.single then
    local thing = envelope.kind ~= "array" and document or nil
    thing, err = M.row(thing, resource)
    return thing, thing and envelope or err
  end
  local rows
  rows, err = rows_of(document, envelope, resource, mask)
  if not rows then return nil, err end
  err = check_rows(rows, envelope, resource, scalars)
  if err then return nil, err end
  if envelope.kind == "array" or envelope.kind == "object" then document = {} end
  if envelope.rows_key then document[envelope.rows_key] = nil end
  if envelope.total_key then document[envelope.total_key] = nil end
  document.items = rows
  document.totalCount = envelope.total or #rows
  return document, envelope
end

return M
