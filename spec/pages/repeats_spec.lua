local repeats = require "partnercenter.pages.repeats"

-- Rows {id=from} to {id=to}.
local function rows(from, to)
  local list = {}
  for id = from, to do list[#list + 1] = { id = id, nested = { list = { id } } } end
  return list
end

describe("partnercenter.repeats", function()
  describe("page", function()
    for _, c in ipairs {
      { "passes pages that differ", { rows(1, 20), rows(21, 40), rows(41, 50) }, false },
      { "notices a page that repeats", { rows(1, 20), rows(21, 40), rows(21, 40) }, true },
      { "notices a short page that repeats", { rows(1, 3), rows(1, 3) }, true },
      { "passes a page that starts alike", { rows(1, 3), rows(1, 2) }, false },
      { "passes a page that goes on otherwise", { rows(1, 3), rows(1, 4) }, false },
      { "notices a cut page that repeats", { rows(1, 20), rows(1, 15) }, true },
      { "passes empty pages", { {}, {} }, false },
      { "passes a page behind an empty one", { rows(1, 3), {}, rows(1, 3) }, false },
      { "looks into nested members", { { { a = { b = 1 } } }, { { a = { b = 2 } } } }, false },
      { "tells a text from a number", { { { a = 1 } }, { { a = "1" } } }, false },
    } do
      it(c[1], function()
        local watch, found = repeats.new(), nil
        for _, page in ipairs(c[2]) do found = watch:page(page) end
        assert.equal(c[3], found)
      end)
    end
  end)

  it("holds back the rows of a page as long as they are those of the page before", function()
    local watch = repeats.new()
    for _, row in ipairs(rows(1, 20)) do assert.is_false(watch:row(row)) end
    assert.is_false(watch:end_page())
    for i, row in ipairs(rows(1, repeats.DEPTH)) do
      assert.is_true(watch:row(row))
      assert.equal(i == repeats.DEPTH, watch:certain())
    end
  end)

  it("knows when a page need not be watched any more", function()
    local watch = repeats.new()
    for i, row in ipairs(rows(1, 20)) do
      watch:row(row)
      assert.equal(i >= repeats.DEPTH, watch:clear())
    end
    watch:end_page()
    for _, row in ipairs(rows(1, repeats.DEPTH)) do watch:row(row) end
    assert.is_false(watch:clear())
  end)

  it("lets a page go at the first row that differs", function()
    local watch = repeats.new()
    watch:page(rows(1, 20))
    assert.is_true(watch:row(rows(1, 1)[1]))
    assert.is_false(watch:row({ id = "other" }))
    assert.is_false(watch:row(rows(3, 3)[1]))
    assert.is_false(watch:certain())
  end)

  it("is not fooled by a caller who changes the rows", function()
    local watch, page = repeats.new(), rows(1, 3)
    watch:page(page)
    page[1].id = "changed"
    assert.is_true(watch:page(rows(1, 3)))
  end)
end)
