--- How an answer goes on: the members by which services name the next page, known
-- ones and those that only look like it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.continuation

local core = require "partnercenter.core"
local wire = require("partnercenter.util").wire

local M = {}

-- The usual keys of answers in lower case. To make these anew for each answer would be
-- most of the work for a small one.
local LOWER = {}
for _, key in ipairs { "totalCount", "TotalCount", "items", "links", "attributes", "Value", "value",
  "@nextLink", "nextLink", "@odata.nextLink", "@odata.count", "@odata.context", "message",
  "statusCode", "continuationToken", "self", "next" } do
  LOWER[key] = wire.lower(key)
end

-- How answers are continued. The first one that is there counts.
local NEXT_LINKS = { "@nextlink", "nextlink", "@odata.nextlink", "odata.nextlink", "__next" }
local KNOWN = { ["odata.nextlink"] = true, ["__next"] = true }
for _, name in pairs(LOWER) do KNOWN[name] = true end
KNOWN.next = nil -- but in links

-- Members that tell of nothing but rows and their number. As a rule an answer has no others,
-- but for attributes, and those have no others than these.
local PLAIN = { totalcount = true, items = true, value = true }
local PLAIN_ATTRIBUTES = { objectType = true, etag = true }

-- Names that tell of more rows behind these.
local CONTINUATIONS = { "^next$", "next.*link", "next.*page", "next.*ur[il]", "next.*token",
  "next.*cursor", "next.*marker", "continuation", "skiptoken", "^has_?more", "^cursors?$" }

-- Names for the number of a page, from 1 on or from 0, and for how many there are.
local PAGE_NUMBERS = { "pagenumber", "page_number", "currentpage", "current_page", "page",
  "pageindex", "page_index" }
local PAGE_COUNTS = { "totalpages", "total_pages", "pagecount", "page_count", "pages" }

-- Names that tell it where they are false.
local ENDS = { islastpage = true, lastpage = true }

-- Members whose own members may be such names.
local HOLDERS = { links = true, _links = true, meta = true, metadata = true, paging = true,
  pagination = true, page = true, attributes = true }

--- Do an object's attributes tell of nothing but what it is?
-- @param attributes any value
-- @treturn boolean
function M.are_plain(attributes)
  if type(attributes) ~= "table" then return false end
  for key in pairs(attributes) do
    if not PLAIN_ATTRIBUTES[key] then return false end
  end
  return true
end

--- The keys of an object by their names in lower case. Of two spellings of one name
-- the one that sorts first counts, so that the answer does not depend on the run.
-- @tparam table document
-- @treturn {[string]=string,...}
-- @treturn boolean whether it has members that may tell of more than rows and their number
function M.spellings(document)
  -- With room for those of most answers.
  local keys = { totalcount = nil, items = nil, links = nil, attributes = nil, value = nil }
  local telling = false
  for key, value in pairs(document) do
    local name = LOWER[key] or type(key) == "string" and wire.lower(key)
    if name then
      local known = keys[name]
      if not known or key < known then keys[name] = key end
      if not PLAIN[name] and not telling then
        telling = name ~= "attributes" or not M.are_plain(value)
      end
    end
  end
  return keys, telling
end

local function is_set(value)
  return value ~= nil and value ~= core.null and value ~= "" and value ~= false
end

-- Does the member of that name tell of more?
local function tells_of_more(name, value)
  if ENDS[name] then return value == false end
  if not is_set(value) then return false end
  for _, pattern in ipairs(CONTINUATIONS) do
    if name:find(pattern) then return true end
  end
  return false
end

local function number_at(object, keys, names)
  for _, name in ipairs(names) do
    local value = keys[name] and object[keys[name]]
    if type(value) == "number" then return value, keys[name] end
  end
  return nil
end

-- The member that says that this is not the last of the pages. Which of them a number names
-- first nobody knows, but that there are others behind number 0 or below the last one.
local function page_number(object, keys)
  local number, key = number_at(object, keys, PAGE_NUMBERS)
  local count = number and number_at(object, keys, PAGE_COUNTS)
  if not count then return nil end
  return (number == 0 and count > 1 or number >= 1 and number < count) and key or nil
end

-- The member by which an answer goes on in a way that is not known, or nil: one
-- of another name, or one whose value is of another kind.
local function unknown_continuation(document, keys)
  for name, key in pairs(keys) do
    local value = document[key]
    if not KNOWN[name] and tells_of_more(name, value) then return key end
    if HOLDERS[name] and type(value) == "table" then
      local members = M.spellings(value)
      local number = page_number(value, members)
      if number then return key .. "." .. number end
      for inner, spelling in pairs(members) do
        if inner ~= "self" and tells_of_more(inner, value[spelling])
          and not (name == "links" and inner == "next") then
          return key .. "." .. spelling
        end
      end
    end
  end
  for _, name in ipairs(NEXT_LINKS) do
    local key = keys[name]
    if key and type(document[key]) ~= "string" and is_set(document[key]) then return key end
  end
  local key = keys.continuationtoken
  if key and type(document[key]) ~= "string" and is_set(document[key]) then return key end
  return page_number(document, keys)
end

local function text_at(document, key)
  local value = key and document[key]
  return type(value) == "string" and value ~= "" and value or nil
end

-- The first link that the answer names, or nil.
local function next_link_of(document, keys)
  for _, name in ipairs(NEXT_LINKS) do
    local link = keys[name] and text_at(document, keys[name])
    if link then return link end
  end
  return nil
end

-- Of links in an array the one that says of itself that it is the next.
local function next_in_array(links)
  for _, link in ipairs(links) do
    local rel = type(link) == "table" and link.rel
    if type(rel) == "string" and wire.lower(rel) == "next" then
      return { uri = link.href or link.uri or link.url, method = link.method }
    end
  end
  return nil
end

-- Does a link say no more than how it would be asked for? Its address is null or empty: there
-- is no next page.
local function is_empty(link)
  for name, value in pairs(link) do
    local nothing = type(value) == "table" and next(value) == nil
    if is_set(value) and not nothing and name ~= "method" then return false end
  end
  return true
end

-- What stands at `links.next`, as a table: a text is its address.
local function links_next_of(document, keys)
  local links = document[keys.links or ""]
  if type(links) ~= "table" then return nil end
  if links[1] ~= nil then return next_in_array(links) end
  local following = links[M.spellings(links).next or ""]
  if not is_set(following) then return nil end
  if type(following) ~= "table" then return { uri = following } end
  return not is_empty(following) and following or nil
end

--- What an answer says about the next page.
-- @tparam table document the decoded answer, with its rows or without
-- @tparam table keys what `spellings` gave for it
-- @treturn table `next_link` (of `@nextLink`, `nextLink`, `@odata.nextLink` or `__next`),
--   `links_next` (of `links.next`), `token` (of `continuationToken`), `unknown` (the
--   member by which it goes on in a way that is not known); each may be nil
function M.find(document, keys)
  return {
    next_link = next_link_of(document, keys),
    links_next = links_next_of(document, keys),
    token = text_at(document, keys.continuationtoken),
    unknown = unknown_continuation(document, keys),
  }
end

-- The target of the link to the next page in a header Link (RFC 8288).
local function next_in_header(links)
  for target, params in (links or ""):gmatch("<([^>]*)>([^<]*)") do
    local rel = params:match(";%s*[rR][eE][lL]%s*=%s*\"([^\"]*)\"")
      or params:match(";%s*[rR][eE][lL]%s*=%s*([^%s;,]+)")
    if rel and (" " .. wire.lower(rel) .. " "):find(" next ", 1, true) then return target end
  end
  return nil
end

--- Where the body does not say how an answer goes on, its headers may.
-- @tparam table envelope what `find` gave, and more; it is changed
-- @tparam ?table facts of the answer: `continuation_token`, `link`, `unknown_continuation`
-- @tparam ?string sent the token of the request: servers may send it back
function M.complete(envelope, facts, sent)
  if not facts or envelope.next_link or envelope.links_next or envelope.token then return end
  envelope.next_link = next_in_header(facts.link)
  local token = facts.continuation_token
  if token ~= sent and token ~= "" then envelope.token = token end
  if envelope.next_link or envelope.token then return end
  envelope.unknown = envelope.unknown or facts.unknown_continuation
end

--- The member by which an answer goes on.
-- @tparam table document the decoded answer
-- @treturn ?string nil: these are all the rows
function M.member(document)
  local keys = M.spellings(document)
  if links_next_of(document, keys) then return "links.next" end
  for _, name in ipairs(NEXT_LINKS) do
    if keys[name] and text_at(document, keys[name]) then return keys[name] end
  end
  return text_at(document, keys.continuationtoken) and keys.continuationtoken
    or unknown_continuation(document, keys)
end

return M
