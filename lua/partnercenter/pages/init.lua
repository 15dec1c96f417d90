--- What comes back, page by page: answers of any form made alike, the next page
-- found, rows given out one by one.
--
-- Others use the four verbs, which take a plan, see `partnercenter.pages.cursor`:
-- `get`, `pages`, `each`, `all`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages

local rows = require "partnercenter.pages.rows"
local verbs = require "partnercenter.pages.verbs"

return {
  get = verbs.get,
  pages = verbs.pages,
  all = verbs.all,
  each = rows.each,
}
