-- What the decoder does with rows beside decoding them: counts, names, and what tells
-- two pages apart. In pieces of every size.
local core = require "partnercenter.core"

local COUNTS = { sold = true, slod = true }
local RENAMES = { slod = "sold" }

-- The document, its rows where they are taken, whether a row is no table, the digest.
local function decode(text, n, options)
  local decoder, rows = core.decoder(options), {}
  local function take()
    while true do
      local ok, row = decoder:next()
      if not ok then return end
      rows[#rows + 1] = row
    end
  end
  for i = 1, #text, n do
    assert(decoder:feed(text:sub(i, i + n - 1)))
    if options.rows then take() end
  end
  local document = decoder:finish()
  local scalars = decoder:marks()
  return document, rows, scalars, decoder:digest()
end

local function sizes(text)
  local list = {}
  for n = 1, math.min(#text, 70) do list[n] = n end
  list[#list + 1] = #text
  return list
end

describe("the decoder", function()
  for _, c in ipairs {
    -- a row, and what becomes of it
    { "reads a numeral as a number", '{"sold":"12"}', { sold = 12 } },
    { "reads one with a sign and a fraction", '{"sold":"-1.25"}', { sold = -1.25 } },
    { "reads one that begins with zeros", '{"sold":"-007"}', { sold = -7 } },
    { "reads one with escapes", '{"sold":"\\u0031\\u0032"}', { sold = 12 } },
    { "leaves what is no numeral", '{"sold":"12 licences"}', { sold = "12 licences" } },
    { "leaves an exponent", '{"sold":"1e3"}', { sold = "1e3" } },
    { "leaves what ends in a point", '{"sold":"1."}', { sold = "1." } },
    { "leaves two points", '{"sold":"1.2.3"}', { sold = "1.2.3" } },
    { "leaves a sign alone", '{"sold":"-"}', { sold = "-" } },
    { "leaves an empty text", '{"sold":""}', { sold = "" } },
    { "leaves what no double can hold", '{"sold":"' .. ("9"):rep(400) .. '"}',
      { sold = ("9"):rep(400) } },
    { "leaves other members", '{"code":"12","sold":3}', { code = "12", sold = 3 } },
    { "leaves what lies deeper", '{"a":{"sold":"12"},"b":["1"]}',
      { a = { sold = "12" }, b = { "1" } } },
    { "leaves the members of a count", '{"sold":{"sold":"1"}}', { sold = { sold = "1" } } },
    { "names a member as documented", '{"slod":"5","x":1}', { sold = 5, x = 1 } },
    { "keeps both where both are there", '{"slod":1,"sold":2}', { slod = 1, sold = 2 } },
    { "keeps the last of two", '{"sold":"1","sold":"2"}', { sold = 2 } },
    { "keeps none where the last of two is null", '{"sold":"1","sold":null}', {} },
    { "keeps a count behind a null", '{"sold":null,"sold":"1"}', { sold = 1 } },
    { "keeps none of a name to mend, with null last", '{"slod":"1","slod":null}', {} },
    { "keeps one of the right name beside a null of the wrong", '{"slod":null,"sold":"1"}',
      { sold = 1 } },
    { "takes the wrong name where the right one's last is null",
      '{"sold":"1","slod":"2","sold":null}', { sold = 2 } },
    { "keeps none of a table, null last", '{"sold":{"a":1},"sold":null,"x":[1],"x":null}', {} },
  } do
    it(c[1], function()
      for _, form in ipairs { '[%s,%s]', '{"sold":"1","items":[%s,%s]}',
        '{"Value" : [ %s , %s ],"items":"1"}' } do
        local text = form:gsub("%%s", function() return c[2] end)
        for _, n in ipairs(sizes(text)) do
          for _, taken in ipairs { true, false } do
            local document, rows = decode(text, n,
              { rows = taken, counts = COUNTS, renames = RENAMES })
            if not taken then rows = form:find "^%[" and document or document.Value
              or document.items end
            assert.same({ c[3], c[3] }, rows)
            if form:find "^{\"sold" then assert.equal("1", document.sold) end
          end
        end
      end
    end)
  end

  it("mends rows of more members than it remembers", function()
    local members, expected = {}, { sold = 7 }
    for i = 1, 200 do
      members[i] = ('"n%d":"%d"'):format(i, i)
      expected["n" .. i] = tostring(i)
    end
    local row = "{" .. table.concat(members, ",") .. ',"sold":"7"}'
    local document = decode("[" .. row .. "," .. row .. "]", 1000, { counts = COUNTS })
    assert.same({ expected, expected }, document)
  end)

  it("mends rows behind thousands of other names", function()
    local parts = {}
    for i = 1, 3000 do parts[i] = ('"o%d":{"p%d":1}'):format(i, i) end
    local text = "{" .. table.concat(parts, ",") .. ',"items":[{"sold":"7","x":"8"}]}'
    assert.same({ { sold = 7, x = "8" } }, decode(text, 4096, { counts = COUNTS }).items)
  end)

  for _, c in ipairs {
    { "rows that are objects", '[{"a":1},{"b":"x"}]', false },
    { "rows that are arrays", '[["a"],[1]]', false },
    { "a row that is null", '{"items":[{"a":1},null]}', true },
    { "a row that is a number", '[1]', true },
    { "a row that is a text", '[{"a":1},"x"]', true },
    { "a row that is true", '{"value":[true]}', true },
    { "scalars elsewhere", '{"items":[{"a":[1,"x",null]}],"links":[1,2]}', false },
  } do
    it("tells of " .. c[1], function()
      for _, n in ipairs(sizes(c[2])) do
        for _, taken in ipairs { true, false } do
          local _, _, scalars = decode(c[2], n, { rows = taken })
          assert.equal(c[3], scalars)
        end
      end
    end)
  end

  describe("makes a digest of the rows", function()
    local function page(count, change, envelope)
      local rows = {}
      for i = 1, count do rows[i] = ('{"name":"row %d","sold":%d}'):format(i, i * 7) end
      if change then rows[change] = '{"name":"another"}' end
      return (envelope or '{"totalCount":5,"items":[%s]}'):format(table.concat(rows, ","))
    end

    local function digest(text, n, before)
      local _, _, _, made = decode(text, n or #text, { rows = true, before = before or "" })
      return made
    end

    it("that is the same in pieces of every size, and taken or not", function()
      for _, text in ipairs { page(40), page(3), page(8, nil, "[%s]"), '{"items":[]}', "{}" } do
        local whole = digest(text)
        for n = 1, 300 do assert.equal(whole, digest(text, n)) end
        local _, _, _, untaken = decode(text, 7, { before = "" })
        assert.equal(whole, untaken)
      end
    end)

    it("that knows nothing of what is around them", function()
      assert.equal(digest(page(9)), digest(page(9, nil, '{"items":[%s],"next":"abc"}')))
    end)

    it("that differs where any row does", function()
      local plain = digest(page(50))
      for i = 1, 50 do assert.not_equal(plain, digest(page(50, i))) end
      assert.not_equal(plain, digest(page(49)))
      assert.not_equal(plain, digest(page(51)))
    end)

    it("and tells as soon as a block differs", function()
      local before = digest(page(50))
      for at, same in pairs { [1] = false, [25] = true } do
        local text = page(50, at)
        local decoder = core.decoder { rows = true, before = before }
        assert(decoder:feed(text:sub(1, 600)))
        assert.equal(same, select(2, decoder:marks()))
        assert(decoder:feed(text:sub(601)))
        assert.is_false(select(2, decoder:marks()))
      end
      local decoder = core.decoder { rows = true, before = before }
      assert(decoder:feed(page(50)))
      assert.is_true(select(2, decoder:marks()))
    end)

    it("not unless it is asked for", function()
      local _, _, _, made = decode(page(3), 10, { rows = true })
      assert.is_nil(made)
    end)
  end)
end)
