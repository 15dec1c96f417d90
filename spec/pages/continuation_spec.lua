local pages = require "partnercenter.pages"
local core = require "partnercenter.core"

describe("partnercenter.pages.continuation", function()
  for _, c in ipairs {
    { "nextLink", { value = {}, nextLink = "/x" }, "nextLink" },
    { "nextLink in other letters", { value = {}, NextLink = "/x" }, "NextLink" },
    { "OData's link", { value = {}, ["@odata.nextLink"] = "/x" }, "@odata.nextLink" },
    { "links.next", { items = {}, links = { next = { uri = "/x" } } }, "links.next" },
    { "a token", { items = {}, continuationToken = "t" }, "continuationToken" },
    { "what looks like it", { value = {}, next_page = 2 }, "next_page" },
    { "what looks like it, deeper down", { value = {}, paging = { has_more = true } },
      "paging.has_more" },
    { "a link that is no text", { value = {}, nextLink = 1 }, "nextLink" },
    { "the first of three pages", { value = {}, pageNumber = 1, totalPages = 3 }, "pageNumber" },
    { "number 0 of two pages", { value = {}, page = { page = 0, pages = 2 } }, "page.page" },
    { "a page of pagination", { value = {}, pagination = { currentPage = 2, totalPages = 3 } },
      "pagination.currentPage" },
    { "a cursor", { value = {}, cursor = "abc" }, "cursor" },
    { "cursors", { value = {}, paging = { cursors = { after = "x" } } }, "paging.cursors" },
    { "the last page", { value = {}, pageNumber = 3, totalPages = 3 }, nil },
    { "the only page", { value = {}, page = 0, totalPages = 1 }, nil },
    { "no page", { value = {}, page = 0, totalPages = 0 }, nil },
    { "a page without a number of them", { value = {}, page = 1 }, nil },
    { "links.next without an address", { items = {},
      links = { next = { uri = core.null, method = "GET", headers = {} } } }, nil },
    { "an empty links.next", { items = {}, links = { next = {} } }, nil },
    { "a links.next with another member", { items = {}, links = { next = { href = "/x" } } },
      "links.next" },
    { "nothing", { value = {}, totalCount = 1 }, nil },
    { "null", { value = {}, nextLink = core.null }, nil },
    { "an empty link", { value = {}, nextLink = "", links = { self = { uri = "/x" } } }, nil },
  } do
    it("finds " .. c[1], function() assert.equal(c[3], pages.continuation(c[2])) end)
  end
end)
