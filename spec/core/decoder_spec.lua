local core = require "partnercenter.core"
local same = require("spec.support.values").same

local null = core.null
local has_integers = math.type ~= nil

-- Where Lua tells integers from floats, so do we; elsewhere all are alike.
local function float(x) return has_integers and math.type(x) == "integer" and x + 0.0 or x end

local messages = {}
for line in io.lines("src/base/errors.def") do
  local name, text = line:match('^X%(([%u%d_]+), "%l+", "(.*)"%)')
  if name then messages[name] = text end
end

local function show(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = show(key) .. "=" .. show(item) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- Feed the text in pieces of n bytes, the first of `first`, and finish: value |
-- nil, message, offset.
local function decode_pieces(text, n, options, first)
  local decoder, i, size = core.decoder(options), 1, first or n
  while i <= #text do
    local ok, message, offset = decoder:feed(text:sub(i, i + size - 1))
    if not ok then return nil, message, offset end
    i, size = i + size, n
  end
  return decoder:finish()
end

local function check_same(text, value, message, offset, ...)
  local got, got_message, got_offset = ...
  if not same(value, got) or message ~= got_message or offset ~= got_offset then
    error(("%q: expected %s %s %s, got %s %s %s"):format(text, show(value), tostring(message),
      tostring(offset), show(got), tostring(got_message), tostring(got_offset)), 2)
  end
end

-- The text as a whole, in pieces of every size, and in two.
local function check_all_splits(text, value, message, offset, options)
  check_same(text, value, message, offset, core.decode(text, options))
  for n = 1, math.min(#text, 64) do
    check_same(text, value, message, offset, decode_pieces(text, n, options))
    check_same(text, value, message, offset, decode_pieces(text, #text, options, n))
  end
end

-- What a decoder with rows gives: rows, document | nil, message, offset.
local function take_rows(text, n, options)
  local rows, decoder = {}, core.decoder(options or { rows = true })
  local function take()
    while true do
      local ok, row = decoder:next()
      if not ok then return ok end
      rows[#rows + 1] = row
    end
  end
  for i = 1, #text, n do
    local ok, message, offset = decoder:feed(text:sub(i, i + n - 1))
    take()
    if not ok then return rows, nil, message, offset end
  end
  local document, message, offset = decoder:finish()
  take()
  return rows, document, message, offset
end

describe("partnercenter.core", function()
  describe("decode and decoder, in pieces of every size", function()
    local accept = dofile("spec/data/json/accept.lua")(null, float)
    local reject = dofile("spec/data/json/reject.lua")

    for first = 1, #accept, 50 do
      local last = math.min(first + 49, #accept)
      it(("give the value of the right texts %d to %d"):format(first, last), function()
        for i = first, last do check_all_splits(accept[i][1], accept[i][2]) end
      end)
    end

    for first = 1, #reject, 50 do
      local last = math.min(first + 49, #reject)
      it(("say what is wrong with the texts %d to %d"):format(first, last), function()
        for i = first, last do
          local text, what, offset = reject[i][1], reject[i][2], reject[i][3]
          check_all_splits(text, nil, assert(messages[what], what), offset)
        end
      end)
    end

    it("decode the documented answers like lua-cjson", function()
      local cjson = require "spec.support.json"
      if not cjson.compares then return pending "this Lua has no lua-cjson" end
      local count = 0
      for name in io.popen("ls spec/data/examples/*.json spec/data/examples/wire/*"):lines() do
        local file = assert(io.open(name, "rb"))
        local text = file:read("*a")
        file:close()
        local ok, expected = pcall(cjson.decode, (text:gsub("^\239\187\191", "")))
        if ok then
          count = count + 1
          local options = { nulls = true }
          local value = assert(core.decode(text, options))
          assert.same(cjson.decode(cjson.encode(value)), cjson.decode(cjson.encode(expected)))
          for n = 1, 64 do assert.is_true(same(value, decode_pieces(text, n, options)), name) end
        end
      end
      assert.is_true(count >= 30, count .. " files")
    end)

    it("keep integers exact where Lua has them", function()
      if not has_integers then return end
      for _, text in ipairs { "9007199254740993", "-9007199254740993", "9223372036854775807",
        "-9223372036854775808", "1152921504606846977" } do
        local value = core.decode(text)
        assert.equal("integer", math.type(value))
        assert.equal(text, ("%d"):format(value))
        assert.equal(value, decode_pieces(text, 1))
      end
      assert.equal("float", math.type(core.decode("9223372036854775808")))
      assert.equal("float", math.type(core.decode("-9223372036854775809")))
    end)

    it("refuse a number of more than 256 MiB", function()
      if (os.getenv "PC_UNDER" or "") ~= "" then return end -- it takes long enough without
      local digits = ("1"):rep(17)
      for _ = 1, 24 do digits = digits .. digits end
      check_same("17 * 2^24 digits", nil, messages.JSON_TOKEN, 1, core.decoder():feed(digits))
    end)

    it("read decimals in any locale", function()
      if not os.setlocale("de_DE.UTF-8") and not os.setlocale("de_DE.utf8") then return end
      local value = core.decode("[1.5,0.30000000000000004441,123456789012345678901.5]")
      os.setlocale("C")
      assert.same({ 1.5, 0.30000000000000004, 123456789012345678901.5 }, value)
    end)
  end)

  describe("option", function()
    it("nulls keeps null members", function()
      check_all_splits('{"a":null,"b":[null]}', { a = null, b = { null } }, nil, nil,
        { nulls = true })
      check_all_splits('[{"a":null},{"a":1},{"a":null}]', { { a = null }, { a = 1 }, { a = null } },
        nil, nil, { nulls = true })
    end)

    it("max_depth bounds the levels", function()
      check_all_splits("[[[]]]", { { {} } }, nil, nil, { max_depth = 3 })
      check_all_splits("[[{}]]", { { {} } }, nil, nil, { max_depth = 3 })
      check_all_splits("[[[[]]]]", nil, messages.JSON_DEPTH, 4, { max_depth = 3 })
      check_all_splits('[{"a":[{}]}]', nil, messages.JSON_DEPTH, 8, { max_depth = 3 })
      local deep = ("["):rep(1000) .. ("]"):rep(1000)
      assert.is_table(core.decode(deep, { max_depth = 1000 }))
      assert.is_table(decode_pieces(deep, 7, { max_depth = 1000 }))
    end)

    it("array_mt marks every array", function()
      local mt = {}
      for n = 1, 20 do
        local value = decode_pieces('{"a":[],"b":[[1],{}],"c":{}}', n, { array_mt = mt })
        assert.equal(mt, getmetatable(value.a))
        assert.equal(mt, getmetatable(value.b))
        assert.equal(mt, getmetatable(value.b[1]))
        assert.is_nil(getmetatable(value))
        assert.is_nil(getmetatable(value.c))
        assert.is_nil(getmetatable(value.b[2]))
      end
      assert.equal(mt, getmetatable(core.decode("[]", { array_mt = mt })))
    end)

    it("array_mt lets an empty array survive a round trip where lua-cjson can", function()
      local cjson = require "spec.support.json"
      if not cjson.array_mt then return end
      local value = core.decode('{"a":[]}', { array_mt = cjson.array_mt })
      assert.equal('{"a":[]}', cjson.encode(value))
    end)

    for _, c in ipairs {
      { "rwos", { rwos = true }, "rwos" }, { "a number", { 1 }, "unknown option" },
      { "rows", { rows = 1 }, "rows" }, { "nulls", { nulls = "yes" }, "nulls" },
      { "max_depth", { max_depth = "3" }, "max_depth" },
      { "max_depth 0", { max_depth = 0 }, "max_depth" },
      { "max_depth 1001", { max_depth = 1001 }, "max_depth" },
      { "max_depth nan", { max_depth = 0 / 0 }, "max_depth" },
      { "array_mt", { array_mt = true }, "array_mt" },
    } do
      it("raises for a wrong " .. c[1], function()
        assert.error_matches(function() core.decoder(c[2]) end, c[3])
        assert.error_matches(function() core.decode("1", c[2]) end, c[3])
      end)
    end

    it("raises for what is no table, no string, or rows with decode", function()
      assert.has_error(function() core.decoder(1) end)
      assert.has_error(function() core.decode() end)
      assert.has_error(function() core.decode({}) end)
      assert.error_matches(function() core.decode("[]", { rows = true }) end, "rows")
    end)
  end)

  describe("rows", function()
    for _, c in ipairs {
      { "of items", '{"totalCount":2,"items":[{"a":1},{"a":2}],"x":[3]}',
        { { a = 1 }, { a = 2 } }, { totalCount = 2, items = {}, x = { 3 } } },
      { "of Value", '{"Value":[{"a":1}],"@nextLink":null,"TotalCount":1}', { { a = 1 } },
        { Value = {}, TotalCount = 1 } },
      { "of VALUE, last", '{"n":[1],"VALUE":[1,"x",null,[2],{}]}', { 1, "x", null, { 2 }, {} },
        { n = { 1 }, VALUE = {} } },
      { "of the text", '[{"a":1},{"a":{"items":[1]}}]', { { a = 1 }, { a = { items = { 1 } } } },
        {} },
      { "none in an empty array", '{"items":[]}', {}, { items = {} } },
      { "none in an empty text array", "[]", {}, {} },
      { "none without an array", '{"items":{"value":[1]},"value":3}', {},
        { items = { value = { 1 } }, value = 3 } },
      { "none in an empty object", "{}", {}, {} },
      { "behind null", '{"items":null,"items":[1]}', { 1 }, { items = {} } },
      { "beside another name of theirs", '{"items":[1],"value":null,"Items":3}', { 1 },
        { items = {}, Items = 3 } },
      { "whose members are null", '[{"a":1,"a":null},{"a":null,"a":2},{"a":[1],"a":null}]',
        { {}, { a = 2 }, {} }, {} },
      { "none in a word", "true", {}, true },
      { "none in null", "null", {}, null },
      { "none below the top", '{"x":{"items":[1]},"y":[{"value":[2]}]}', {},
        { x = { items = { 1 } }, y = { { value = { 2 } } } } },
      { "of items, but not of items9", '{"items9":[1],"item":[2],"items":[3]}', { 3 },
        { items9 = { 1 }, item = { 2 }, items = {} } },
      { "behind a byte order mark", '\239\187\191{"items":[1]}', { 1 }, { items = {} } },
    } do
      it("gives the rows " .. c[1], function()
        for n = 1, #c[2] do
          local rows, document, message = take_rows(c[2], n)
          assert.is_nil(message)
          assert.is_true(same(c[3], rows), show(rows))
          assert.is_true(same(c[4], document), show(document))
        end
      end)
    end

    for _, c in ipairs {
      { "a second row array", '{"items":[1],"value":[2]}', { 1 }, "JSON_ROWS", 22 },
      { "the same name twice", '{"items":[1],"items":[]}', { 1 }, "JSON_ROWS", 22 },
      { "a cut row", '{"items":[{"a":1},{"a":2},{"a"', { { a = 1 }, { a = 2 } }, "TRUNCATED",
        31 },
      { "a wrong row", '{"items":[{"a":1},{"a":2},{a"', { { a = 1 }, { a = 2 } }, "JSON_NAME",
        28 },
      { "an error behind the rows", '[1,2]x', { 1, 2 }, "JSON_EXTRA", 6 },
      { "null instead of them", '{"items":[1,2],"items":null}', { 1, 2 }, "JSON_ROWS", 29 },
      { "a number instead of them", '{"items":[{}],"n":1,"items":2}', { {} }, "JSON_ROWS", 31 },
      { "an object instead of them", '{"Value":[],"Value":{}}', {}, "JSON_ROWS", 24 },
    } do
      it("gives the rows before " .. c[1] .. ", then the error", function()
        for n = 1, #c[2] do
          local rows, document, message, offset = take_rows(c[2], n)
          assert.is_nil(document)
          assert.same(c[3], rows)
          assert.equal(messages[c[4]], message)
          assert.equal(c[5], offset)
        end
      end)
    end

    it("come as soon as they are complete", function()
      local decoder = core.decoder { rows = true }
      assert.is_true(decoder:feed('{"items":[{"a":1'))
      assert.is_false((decoder:next()))
      assert.is_true(decoder:feed("}"))
      local ok, row = decoder:next()
      assert.is_true(ok)
      assert.same({ a = 1 }, row)
      assert.is_false((decoder:next()))
      decoder:feed("]")
      assert.equal(1, select("#", decoder:next()))
      assert.is_nil((decoder:next()))
      decoder:feed("}")
      assert.same({ items = {} }, decoder:finish())
    end)

    it("can be taken after the document", function()
      local decoder = core.decoder { rows = true }
      decoder:feed("[1,2,3]")
      assert.same({ true, 1 }, { decoder:next() })
      assert.same({}, decoder:finish())
      assert.same({ true, 2 }, { decoder:next() })
      assert.same({ true, 3 }, { decoder:next() })
      assert.is_nil((decoder:next()))
    end)

    it("never share a table", function()
      local row = '{"a":{"b":[]},"c":[{"d":{}}]}'
      local rows = take_rows("[" .. row .. ("," .. row):rep(5) .. "]", 7)
      local seen = {}
      local function visit(t)
        assert.is_nil(seen[t])
        seen[t] = true
        for _, value in pairs(t) do visit(value) end
      end
      visit(rows)
    end)

    it("do not pile up", function()
      local decoder = core.decoder { rows = true }
      local piece = ('{"name":"%s"},'):format(("x"):rep(100)):rep(20)
      decoder:feed("[")
      local most, count = 0, 0
      for i = 1, 300 do
        decoder:feed(piece)
        while decoder:next() do count = count + 1 end
        if i % 10 == 0 then collectgarbage() end
        if i == 50 then most = collectgarbage("count") end
      end
      collectgarbage()
      assert.equal(6000, count)
      assert.is_true(collectgarbage("count") < most + 50)
    end)
  end)

  describe("a decoder", function()
    it("repeats its error", function()
      local decoder = core.decoder { rows = true }
      for _ = 1, 3 do
        assert.same({ nil, messages.JSON_VALUE, 2 }, { decoder:feed("[x") })
        assert.same({ nil, messages.JSON_VALUE, 2 }, { decoder:next() })
        assert.same({ nil, messages.JSON_VALUE, 2 }, { decoder:finish() })
      end
    end)

    it("gives the document once", function()
      local decoder = core.decoder()
      decoder:feed("[1]")
      assert.same({ 1 }, decoder:finish())
      assert.same({ nil, messages.JSON_TAKEN, 4 }, { decoder:finish() })
      assert.same({ nil, messages.JSON_TAKEN, 4 }, { decoder:feed(" ") })
      assert.is_nil((decoder:next()))
    end)

    it("raises once it is closed, and closes twice", function()
      local decoder = core.decoder()
      decoder:feed('{"a":[')
      decoder:close()
      decoder:close()
      for _, name in ipairs { "feed", "next", "finish" } do
        assert.error_matches(function() decoder[name](decoder, "") end, "closed")
      end
      assert.matches("closed", tostring(decoder))
      assert.matches("^partnercenter.Decoder: ", tostring(core.decoder()))
    end)

    it("refuses what is no decoder", function()
      assert.has_error(function() core.decoder().feed({}, "1") end)
      assert.has_error(function() core.decoder().feed(io.stdout, "1") end)
      assert.has_error(function() core.decoder():feed(nil) end)
    end)

    it("may be fed from any coroutine", function()
      local decoder = core.decoder()
      local text = '[{"a":[1,2,{"b":"c"}]},"d"]'
      for i = 1, #text do
        coroutine.wrap(function() assert(decoder:feed(text:sub(i, i))) end)()
      end
      assert.same({ { a = { 1, 2, { b = "c" } } }, "d" }, decoder:finish())
    end)

    local ROWS, row_texts = 2000, {}
    for i = 1, ROWS do
      row_texts[i] = ('{"a":[%d,"x%d"],"b\\n":"\\u00e9%d","c":{"d%d":[{},[]]}}'):format(i, i, i, i)
    end

    local function make_row(i)
      return { a = { i, "x" .. i }, ["b\n"] = "é" .. i, c = { ["d" .. i] = { {}, {} } } }
    end

    -- Feeds many rows at once to new decoders, until the collector calls a
    -- finalizer in the midst of that, finalizer(decoder): gives the decoder and
    -- what its feed gave or raised.
    local function feed_until_collected(options, finalizer)
      local text = "[" .. table.concat(row_texts, ",") .. "]"
      for _ = 1, 1000 do
        local decoder, armed, called = core.decoder(options), true, false
        local function collected()
          called = called or armed
          if armed then finalizer(decoder) end
        end
        for _ = 1, 20 do
          if newproxy then
            getmetatable(newproxy(true)).__gc = collected
          else
            setmetatable({}, { __gc = collected })
          end
        end
        local ok, message = pcall(decoder.feed, decoder, text)
        armed = false
        if called then return decoder, ok, message end
      end
      error("no finalizer was called")
    end

    for _, method in ipairs { "feed", "next", "finish" } do
      it("refuses a finalizer that calls " .. method .. " while it works", function()
        local refused, why
        local decoder, ok = feed_until_collected({ rows = true }, function(decoder)
          refused, why = pcall(decoder[method], decoder, "[[[")
        end)
        assert.is_true(ok)
        assert.is_false(refused)
        assert.matches("at work", why)
        for i = 1, ROWS do
          local more, row = decoder:next()
          assert(more and same(make_row(i), row))
        end
        assert.same({}, decoder:finish())
      end)
    end

    it("says so when a finalizer closes it while it works", function()
      for _, rows in ipairs { true, false } do
        local decoder, ok, message = feed_until_collected({ rows = rows }, function(decoder)
          decoder:close()
        end)
        assert.is_false(ok)
        assert.matches("closed", message)
        assert.matches("closed", tostring(decoder))
      end
    end)

    it("says so when a finalizer's error ends what it does", function()
      local decoder, ok, message = feed_until_collected({}, function()
        error("from a finalizer", 0)
      end)
      if ok then -- since 5.4 it is a warning
        assert.equal(ROWS, #decoder:finish())
      else
        assert.matches("from a finalizer", message)
        assert.same({ nil, messages.JSON_BROKEN, 1 }, { decoder:feed("]") })
        assert.same({ nil, messages.JSON_BROKEN, 1 }, { decoder:finish() })
      end
    end)

    for _, c in ipairs {
      { "string", function(n) return '"' .. ("x"):rep(n) .. '"' end },
      { "string of escapes", function(n) return '"' .. ("\\n"):rep(n / 2) .. '"' end },
      { "string of wide characters", function(n) return '"' .. ("é"):rep(n / 2) .. '"' end },
      { "number", function(n) return "0." .. ("0"):rep(n) .. "1" end },
      { "gap", function(n) return (" "):rep(n) .. "1" end },
    } do
      it("reads a long " .. c[1] .. " byte by byte in linear time", function()
        local function measure(n)
          local text, best = c[2](n), math.huge
          local value = core.decode(text)
          for _ = 1, 3 do
            local start = os.clock()
            local got = decode_pieces(text, 1)
            best = math.min(best, os.clock() - start)
            assert.equal(value, got)
          end
          return best
        end
        local short = measure(4000)
        -- Eight times as long takes eight times as long; sixty-four times if
        -- every piece looks at all that came before.
        assert.is_true(measure(32000) < 24 * short)
      end)
    end
  end)

  describe("many shapes", function()
    local seed = 1
    local function random(n)
      seed = seed * 16807 % 2147483647
      return seed % n + 1
    end

    -- Texts of random shape, with names and strings that come again.
    local make
    local function list(n, item, open, close)
      local parts = {}
      for i = 1, random(n) - 1 do parts[i] = item(i) end
      return open .. table.concat(parts, random(4) == 1 and " , " or ",") .. close
    end
    local function text()
      return '"' .. ({ "a", "bc", "name", "a longer string than most", "\\u00e9", "\\n", "é",
        "", ("x"):rep(random(120)), "id" .. random(1000) })[random(10)] .. '"'
    end
    function make(depth)
      local kind = random(depth > 0 and 9 or 6)
      if kind <= 2 then return text() end
      if kind == 3 then return tostring(random(100000)) end
      if kind == 4 then return ("%.3f"):format(random(100000) / 7) end
      if kind == 5 then return ({ "true", "false", "null" })[random(3)] end
      if kind == 6 then return ("-%de%d"):format(random(99), random(20)) end
      if kind == 7 then return list(6, function() return make(depth - 1) end, "[", "]") end
      local names = random(2) == 1
      return list(9, function(i)
        return (names and '"k' .. (i + random(2)) .. '"' or text()) .. ":" .. make(depth - 1)
      end, "{", "}")
    end

    local function plain(value)
      if type(value) ~= "table" then return value end
      local copy = {}
      for key, item in pairs(value) do copy[key] = plain(item) end
      return copy
    end

    it("are decoded like lua-cjson does", function()
      local cjson = require "spec.support.json"
      if not cjson.compares then return pending "this Lua has no lua-cjson" end
      for i = 1, 300 do
        local document = "[" .. make(5) .. "," .. make(4) .. "," .. make(3) .. "]"
        local expected = cjson.decode(document)
        local value = assert(core.decode(document, { nulls = true }))
        assert.is_true(value ~= expected and tostring(show(plain(value))):gsub("%.0%f[^%d]", "")
          == tostring(show(expected)):gsub("%.0%f[^%d]", ""), document)
        local again = decode_pieces(document, i % 50 + 1, { nulls = true })
        assert.is_true(same(value, again), document)
      end
    end)

    it("of arrays in arrays, then objects in objects, as deep are decoded", function()
      for depth = 1, 126 do
        local document = "[" .. ("["):rep(depth) .. ("]"):rep(depth) .. ","
        for i = 1, depth do document = document .. '{"level ' .. i .. '":' end
        document = document .. '"x"' .. ("}"):rep(depth) .. "]"
        local value = assert(core.decode(document))[2]
        for i = 1, depth do value = value["level " .. i] end
        assert.equal("x", value)
        assert.is_table(decode_pieces(document, depth))
      end
    end)

    it("of objects with thousands of names are decoded", function()
      local parts, expected = {}, {}
      for i = 1, 5000 do
        local name = "name" .. i * 7
        parts[i] = ('"%s":{"%s":%d,"v":{"w":"%s"}}'):format(name, name, i, name)
        expected[name] = { [name] = i, v = { w = name } }
      end
      local document = "{" .. table.concat(parts, ",") .. "}"
      assert.is_true(same(expected, core.decode(document)))
      assert.is_true(same(expected, decode_pieces(document, 1000)))
    end)
  end)
end)
