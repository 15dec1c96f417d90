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
    { "nothing", { value = {}, totalCount = 1 }, nil },
    { "null", { value = {}, nextLink = core.null }, nil },
    { "an empty link", { value = {}, nextLink = "", links = { self = { uri = "/x" } } }, nil },
  } do
    it("finds " .. c[1], function() assert.equal(c[3], pages.continuation(c[2])) end)
  end
end)
