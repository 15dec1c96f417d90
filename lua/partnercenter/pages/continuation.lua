--- How an answer goes on: the members by which services name the next page, known
-- ones and those that only look like it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.continuation

local core = require "partnercenter.core"
local wire = require("partnercenter.util").wire

local M = {}

-- The lower case of the keys that answers have as a rule: making it anew for each
-- of them is most of the work for a small one.
local LOWER = {}
for _, key in ipairs { "totalCount", "TotalCount", "items", "links", "attributes", "Value", "value",
  "@nextLink", "nextLink", "@odata.nextLink", "@odata.count", "@odata.context", "message",
  "statusCode", "continuationToken", "self", "next" } do
  LOWER[key] = wire.lower(key)
end

-- How answers are continued. The first one that is there counts.
local NEXT_LINKS = { "@nextlink", "nextlink", "@odata.nextlink", "odata.nextlink" }
local KNOWN = { ["odata.nextlink"] = true }
for _, name in pairs(LOWER) do KNOWN[name] = true end
KNOWN.next = nil -- but in links

-- Names that tell of more rows behind these.
local CONTINUATIONS = { "^next$", "next.*link", "next.*page", "next.*ur[il]", "next.*token",
  "next.*cursor", "next.*marker", "continuation", "skiptoken", "^has_?more" }

-- Members whose own members may be such names.
local HOLDERS = { links = true, _links = true, meta = true, metadata = true, paging = true,
  pagination = true }

--- The keys of an object by their names in lower case. Of two spellings of one name
-- the one that sorts first counts, so that the answer does not depend on the run.
-- @tparam table document
-- @treturn {[string]=string,...}
function M.spellings(document)
  -- With room for those of most answers.
  local keys = { totalcount = nil, items = nil, links = nil, attributes = nil, value = nil }
  for key in pairs(document) do
    if type(key) == "string" then
      local name = LOWER[key] or wire.lower(key)
      if not keys[name] or key < keys[name] then keys[name] = key end
    end
  end
  return keys
end

local function is_set(value)
  return value ~= nil and value ~= core.null and value ~= "" and value ~= false
end

local function is_continuation(name)
  for _, pattern in ipairs(CONTINUATIONS) do
    if name:find(pattern) then return true end
  end
  return false
end

-- The member by which an answer goes on in a way that is not known, or nil: one
-- of another name, or one whose value is of another kind.
local function unknown_continuation(document, keys)
  for name, key in pairs(keys) do
    local value = document[key]
    if not KNOWN[name] and is_set(value) and is_continuation(name) then return key end
    if HOLDERS[name] and type(value) == "table" then
      for inner, spelling in pairs(M.spellings(value)) do
        if inner ~= "self" and is_set(value[spelling]) and is_continuation(inner)
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
  return nil
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

-- What stands at `links.next`, as a table: a text is its address.
local function links_next_of(document, keys)
  local links = document[keys.links or ""]
  if type(links) ~= "table" then return nil end
  local following = links[M.spellings(links).next or ""]
  if not is_set(following) then return nil end
  return type(following) == "table" and following or { uri = following }
end

--- What an answer says about the next page.
-- @tparam table document the decoded answer, with its rows or without
-- @tparam table keys what `spellings` gave for it
-- @treturn table `next_link` (of `@nextLink`, `nextLink` or `@odata.nextLink`),
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

return M
