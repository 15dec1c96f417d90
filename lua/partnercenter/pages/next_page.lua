--- The request for the next page, from what an answer says.
--
-- Tried in this order: `links.next`, `@nextLink`, `nextLink` or `@odata.nextLink`,
-- `continuationToken`, the headers Link and MS-ContinuationToken, and `skip` where
-- the resource pages by it. What would lose or repeat rows, never end, lead to
-- another origin, or go on in a way that is not known is an error.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.next_page

local check = require("partnercenter.util").check
local continuations = require "partnercenter.pages.continuation"
local errors = require "partnercenter.errors"
local resolve = require "partnercenter.pages.link"
local resources = require "partnercenter.resources"
local url = require("partnercenter.util").url
local wire = require("partnercenter.util").wire

-- No collection has more pages than this: at 500 rows a page, five million.
local MAX_PAGES = 10000
-- Longer than any header that servers accept.
local MAX_TOKEN = 8192
-- A position with so many digits is exact in every Lua.
local MAX_DIGITS = 15
local TOKEN_HEADER = "MS-ContinuationToken"
local TOKEN_NAME = "ms-continuationtoken"

local M = { MAX_PAGES = MAX_PAGES }

-- The continuation token among the headers of links.next: pairs of key and value, or
-- values by their names. Other headers are not for a server to choose.
local function token_among(headers)
  if type(headers) ~= "table" then return nil end
  for key, header in pairs(headers) do
    local name, value = key, header
    if type(header) == "table" then
      name, value = header.key or header.Key, header.value or header.Value
    end
    if type(name) == "string" and wire.lower(name) == TOKEN_NAME then return value end
  end
  return nil
end

-- A position that a URL gives, also in OData's spelling, or nil.
local function position_of(text)
  local value = url.param(text, "skip") or url.param(text, "$skip") or url.param(text, "%24skip")
  local digits = (value or ""):match("^%d+$")
  return digits and #digits <= MAX_DIGITS and wire.digits(digits) or nil
end

local function skip_of(request)
  return position_of(request.url) or 0
end

-- By skip: the URL, or nil if this was the last page, or nil and what is wrong.
local function by_skip(request, envelope, row_count)
  local position = skip_of(request) + row_count
  local more
  if envelope.kind == "value" and envelope.total then
    more = position < envelope.total
    if more and row_count == 0 then return nil, "a page does not advance: it has no rows" end
  else
    -- Without a count: a page that is not full is the last. Where the caller gave no
    -- `top`, a page is full at the service's default.
    local uncounted = envelope.kind ~= "items" and envelope.kind ~= "insights"
    local top = wire.digits(url.param(request.url, "top")) or uncounted and resources.MAX_TOP
    more = top and row_count > 0 and row_count >= top
  end
  return more and url.with_param(request.url, "skip", ("%d"):format(position)) or nil
end

-- A link that gives a position must go on where this page ends.
local function misplaced(target, request, row_count)
  local position = position_of(target)
  local expected = skip_of(request) + row_count
  if not position or position == expected then return nil end
  return ("the link to the next page goes on at row %d instead of %d"):format(position, expected)
end

-- URL and token of the next page; nil if there is none; nil, nil and the reason.
-- Once a page came by link or token, one without either is the last.
local function follow(request, envelope, row_count, linked)
  local link, token, why = envelope.next_link, envelope.token, nil
  local links_next = envelope.links_next
  if links_next then
    local method = links_next.method or "GET"
    link, token = links_next.uri, token_among(links_next.headers) or token
    if type(method) ~= "string" or wire.upper(method) ~= "GET" then
      return nil, nil, "the link to the next page is for another method than GET"
    end
    if type(link) ~= "string" or link == "" then
      return nil, nil, "the link to the next page has no address"
    end
  end
  if token and not (check.header(token) and #token <= MAX_TOKEN) then
    return nil, nil, "the continuation token cannot be sent in a header"
  end
  local target
  if link then
    target, why = resolve(link, request)
    if not target then return nil, nil, "the link to the next page " .. why end
    why = misplaced(target, request, row_count)
  elseif token then
    target = url.with_param(request.url, "seekOperation", "Next")
  elseif envelope.unknown then
    why = ("the answer goes on by '%s', in a way that is not known"):format(envelope.unknown)
  elseif request.paging == "skip" and not linked then
    target, why = by_skip(request, envelope, row_count)
  end
  return target, token, why
end

--- Are the rows of an answer all that there are?
-- @tparam table request the first of a walk
-- @tparam table envelope what `envelope.envelope` gave for the answer
-- @tparam number row_count how many rows the page has
-- @treturn boolean false too when the next page cannot be had
function M.is_whole(request, envelope, row_count)
  local target, _, why = follow(request, envelope, row_count)
  local seek = url.param(request.url, "seekOperation")
  return not target and not why and skip_of(request) == 0 and (seek == nil or seek == "First")
end

local function with_token(headers, token)
  local list = {}
  for _, header in ipairs(headers) do
    if wire.lower(header[1]) ~= TOKEN_NAME then list[#list + 1] = header end
  end
  if token then list[#list + 1] = { TOKEN_HEADER, token } end
  return list
end

-- The token that a request has brought.
local function token_of(request)
  for _, header in ipairs(request.headers) do
    if wire.lower(header[1]) == TOKEN_NAME then return header[2] end
  end
  return nil
end

local function key_of(request_url, token)
  return request_url .. "\n" .. (token or "")
end

-- Counts the rows of a walk. Gives what is wrong with their number, if anything is.
local function account(state, envelope, row_count, is_last)
  state.rows = state.rows + row_count
  local total = envelope.kind == "value" and envelope.total
  if not total then return nil end
  if state.total and total < state.total then
    return ("the count of rows shrank from %d to %d between two pages"):format(state.total, total)
  end
  state.total = total
  if is_last and state.linked and state.rows < total then
    return ("the service counts %d rows, but the last page ends at row %d")
      :format(total, state.rows)
  end
  return nil
end

--- What is remembered from page to page of one walk.
-- @tparam table request the first request
-- @tparam[opt=10000] number max_pages of the walk
-- @treturn table
function M.start(request, max_pages)
  return {
    pages = 0,
    rows = skip_of(request),   -- those that the caller skips count as read
    linked = false,            -- whether a page came by link or token
    max_pages = max_pages or MAX_PAGES,
    seen = { [key_of(request.url)] = true },
  }
end

--- The request for the next page.
-- @tparam table request the one that was answered
-- @tparam table envelope what `envelope.envelope` gave for the answer
-- @tparam number row_count how many rows the page had
-- @tparam table state what `start` gave; it is changed
-- @tparam[opt] table facts of the answer, whose headers may say how it goes on
-- @treturn[1] table the next request; its `following` is true
-- @treturn[2] nil this was the last page
-- @treturn[3] nil
-- @treturn[3] Error of kind protocol: a link that must not be followed, a page
--   that was read already or does not advance, a count that shrinks, too many pages
function M.next_request(request, envelope, row_count, state, facts)
  state.pages = state.pages + 1
  continuations.complete(envelope, facts, facts and token_of(request))
  local target, token, why = follow(request, envelope, row_count, state.linked)
  why = account(state, envelope, row_count, not target) or why
  if target and not why then
    if state.seen[key_of(target, token)] then
      why = "the link to the next page leads to a page that was read already"
    elseif state.pages >= state.max_pages then
      why = ("there are more than %d pages (max_pages)"):format(state.max_pages)
    end
  end
  if why then
    return nil, errors.from_failure("protocol", ("%s: %s"):format(request.resource, why),
      { url = request.url })
  end
  if not target then return nil end
  state.seen[key_of(target, token)] = true
  state.linked = state.linked or token ~= nil or envelope.links_next ~= nil
    or envelope.next_link ~= nil
  local following = {}
  for name, value in pairs(request) do following[name] = value end
  following.url, following.headers = target, with_token(request.headers, token)
  following.following = true
  return following
end

return M
