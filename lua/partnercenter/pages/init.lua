--- What comes back, page by page: answers of any form made alike, the next page
-- found, rows given out one by one.
--
-- Others use the four verbs, which take a plan, see `partnercenter.pages.cursor`:
-- `get`, `pages`, `each`, `all`; and `continuation`, for answers that are not read by
-- these: it names the member that says that there is more.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages

local continuation = require "partnercenter.pages.continuation"
local rows = require "partnercenter.pages.rows"
local verbs = require "partnercenter.pages.verbs"

return {
  get = verbs.get,
  pages = verbs.pages,
  all = verbs.all,
  each = rows.each,
  continuation = continuation.member,
}
