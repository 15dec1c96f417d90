local repeats = require "partnercenter.pages.repeats"

describe("partnercenter.repeats", function()
  local one = { { name = "A", parts = { { n = 1 } } }, { name = "A", parts = { { n = 1 } } } }
  local two = { { name = "A" }, { name = "B" } }

  for _, c in ipairs {
    -- pages, each a digest and rows; which of them is found
    { "passes pages that differ", { "a", two }, { "b", two }, { "a", two } },
    { "finds a page that repeats", { "a", two }, { "b", two }, { "b", two }, found = 3 },
    { "finds one of a single row with an id", { "a", { { customerId = "x" } } },
      { "a", { { customerId = "x" } } }, found = 2 },
    { "passes empty pages", { "a", {} }, { "a", {} } },
    { "passes pages without a digest", { nil, two }, { nil, two } },
    { "believes once that rows without an id fill two pages", { "a", one }, { "a", one },
      { "b", one } },
    { "does not believe it twice", { "a", one }, { "a", one }, { "a", one }, found = 3 },
    { "tells rows apart five levels down", { "a", { { a = { b = { c = { d = 1 } } } },
      { a = { b = { c = { d = 2 } } } } } }, { "a", { { a = { b = { c = { d = 1 } } } },
      { a = { b = { c = { d = 2 } } } } } }, found = 2 },
    { "tells rows apart by a member that one lacks", { "a", { { a = 1 }, { a = 1, b = 2 } } },
      { "a", { { a = 1 }, { a = 1, b = 2 } } }, found = 2 },
  } do
    it(c[1], function()
      local watch = repeats.new()
      for i = 2, #c do
        local page = c[i]
        assert.equal(c.found == i - 1, watch:end_page(page[1], page[2]))
      end
    end)
  end
end)
