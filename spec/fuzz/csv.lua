-- What the CSV decoder must keep to for every input: returns a function of a
-- string that raises when it does not. See csv.c beside this file.
local core = require "partnercenter.core"
local pieces = require "spec.fuzz.pieces"
local reference = require "spec.support.csv"
local values = require "spec.support.values"

local SEPARATORS = { ",", "\t", ";", "a" }

-- All rows as arrays | rows, message, line, byte, column.
local function decode(text, key, options)
  local decoder, rows = core.csv(options), {}
  local function take()
    local ok, row = decoder:next()
    while ok do
      rows[#rows + 1] = row
      ok, row = decoder:next()
    end
  end
  for piece in key and pieces(text, key) or function(_, last) return not last and text or nil end do
    local ok, message, line, byte, column = decoder:feed(piece)
    take()
    if not ok then
      assert(select(2, decoder:finish()) == message, "the error does not stick")
      return rows, message, line, byte, column
    end
  end
  local ok, message, line, byte, column = decoder:finish()
  take()
  return rows, not ok and message or nil, line, byte, column
end

local function same(a, b)
  return values.equal(a, b, function(one, other)
    return one == other and math.type(one) == math.type(other)
  end)
end

local function check_pieces(text, key, options)
  local rows, message, line, byte, column = decode(text, nil, options)
  for _, cut in ipairs { key, "\63" } do
    local rows2, message2, line2, byte2, column2 = decode(text, cut, options)
    assert(message == message2 and line == line2 and byte == byte2 and column == column2,
      "pieces give another error")
    assert(same(rows, rows2), "pieces give other rows")
  end
  return rows, message, line, byte
end

-- Lines that come again, as rows do.
local function repeated(text)
  local first, rest = text:match("^(.-\n)(.+)$")
  if not first then return text end
  if rest:sub(-1) ~= "\n" then rest = rest .. "\n" end
  return first .. rest:rep(4)
end

return function(input)
  if #input < 5 then return end
  local flags, key, text = input:byte(1), input:sub(2, 4), input:sub(5)
  if flags >= 192 then text = repeated(text) end
  local separator = SEPARATORS[flags % 4 + 1]
  local headings = flags % 8 >= 4
  local options = { separator = separator, arrays = true, headings = headings }
  local rows, message, line, byte = check_pieces(text, key, options)
  local expected, why, where, at = reference.read(text, separator, headings, true)
  if headings then table.remove(expected, 1) end
  assert(message == why and line == where and byte == at, "another error than the reference's")
  assert(same(rows, expected), "other rows than the reference's")

  if headings then
    options.arrays = false
    rows, message, line, byte = check_pieces(text, key, options)
    expected, why, where, at = reference.read(text, separator, true)
    assert(message == why and line == where and byte == at, "another error where rows have keys")
    assert(#rows == math.max(#expected - 1, 0), "another count of rows")
  end
  options.numbers, options.dates = headings and { "a", "B" } or { 1 }, headings and { "c" } or { 2 }
  options.arrays = not headings
  options.nulls = flags % 16 >= 8
  check_pieces(text, key, options)
  options.max_field, options.max_line, options.max_columns = 5 + flags % 7, 20, 3
  check_pieces(text, key, options)
end
