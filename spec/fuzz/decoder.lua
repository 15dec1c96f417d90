-- What the decoder must keep to for every input: returns a function of a string
-- that raises when it does not. See decoder.c beside this file.
local core = require "partnercenter.core"
local pieces = require "spec.fuzz.pieces"
local reference = require "spec.fuzz.reference"
local values = require "spec.support.values"
local has_cjson, cjson = pcall(require, "cjson")

local same = values.same

-- lua-cjson makes floats of all numbers and reads long integers as such.
local function equals_cjson(a, b)
  return values.equal(a, b, function(one, other)
    return one == other
      or type(one) == "number" and type(other) == "number" and one + 0.0 == other
  end)
end

local function decode_pieces(text, key, options)
  local decoder = core.decoder(options)
  for piece in pieces(text, key) do
    local ok, message, offset = decoder:feed(piece)
    if not ok then
      assert(select(2, decoder:finish()) == message)
      return nil, message, offset
    end
  end
  return decoder:finish()
end

local function take_rows(text, key, options)
  local decoder, rows = core.decoder(options), {}
  local function take()
    local ok, row = decoder:next()
    while ok do
      rows[#rows + 1] = row
      ok, row = decoder:next()
    end
  end
  for piece in pieces(text, key) do
    local ok, message, offset = decoder:feed(piece)
    take()
    if not ok then return rows, nil, message, offset end
  end
  local document, message, offset = decoder:finish()
  take()
  return rows, document, message, offset
end

-- Bytes from which on a text is no small one any more, and what is worth
-- repeating.
local LARGE, WORTH = 4200, 40

-- A long text is the same element again and again, as rows are: longer ones than
-- the fuzzer makes, for what the decoder keeps from row to row.
local function repeated(text)
  if #text < WORTH then return text end
  return "[" .. (text .. ","):rep(LARGE // (#text + 1)) .. text .. "]"
end

-- Two decoders that take turns, each with a text and options of its own, and
-- what the slow reference makes of the texts. Where rows are taken, the reference
-- says what the document was before.
local function interleave(texts, key, options)
  local runs = {}
  for i, text in ipairs(texts) do
    runs[i] = { decoder = core.decoder(options[i]), pieces = pieces(text, i == 1 and key or
      key:reverse()), rows = {}, text = text, options = options[i] }
  end
  local left = #runs
  while left > 0 do
    for _, run in ipairs(runs) do
      local piece = run.pieces and run.pieces()
      if piece and not run.decoder:feed(piece) or run.pieces and not piece then
        run.pieces, left = nil, left - 1
      end
      local ok, row = run.decoder:next()
      if ok then run.rows[#run.rows + 1] = row end
    end
  end
  for _, run in ipairs(runs) do
    local document, message = run.decoder:finish()
    for ok, row in run.decoder.next, run.decoder do
      if not ok then break end
      run.rows[#run.rows + 1] = row
    end
    local fine, expected = reference(run.text, run.options)
    if message and message:find "second row array" then goto continue end
    assert(fine == (message == nil), message or "the reference refuses")
    if fine and run.options.rows and type(expected) == "table" then
      local list = expected
      for name, member in pairs(document) do
        local lower = name:lower()
        if (lower == "items" or lower == "value") and type(member) == "table"
          and type(expected[name]) == "table" and next(member) == nil and #run.rows > 0 then
          list = expected[name]
        end
      end
      assert(#run.rows == 0 or same(list, run.rows), "the rows are others than the reference's")
    elseif fine then
      assert(same(expected, document), "the reference gives another value")
    end
    ::continue::
  end
end

return function(input)
  if #input < 5 then return end
  local flags, key, text = input:byte(1), input:sub(2, 4), input:sub(5)
  if flags >= 224 then text = repeated(text) end
  if flags >= 192 and flags < 224 then
    local cut = key:byte(1) * #text // 255
    interleave({ repeated(text:sub(1, cut)), text:sub(cut + 1) }, key, {
      { nulls = flags % 2 == 1, rows = flags % 4 >= 2, max_depth = 20 },
      { nulls = flags % 8 >= 4, rows = flags % 16 >= 8, max_depth = 128 },
    })
    return
  end
  local options = { nulls = flags % 2 == 1, max_depth = flags % 4 >= 2 and 5 or 128 }
  local value, message, offset = core.decode(text, options)
  assert(value ~= nil or message and offset >= 1 and offset <= #text + 1, "no error")

  local value2, message2, offset2 = decode_pieces(text, key, options)
  assert(message == message2 and offset == offset2, "pieces give another error")
  assert(same(value, value2), "pieces give another value")

  options.rows = true
  local rows, rest, message3, offset3 = take_rows(text, key, options)
  local rows4, rest4, message4, offset4 = take_rows(text, "\63", options)
  assert(message3 == message4 and offset3 == offset4, "rows in pieces give another error")
  assert(same(rest, rest4) and same(rows, rows4), "rows in pieces are others")
  if value ~= nil and rest == nil then assert(message3:find "second row array", message3) end
  if rest ~= nil then assert(value ~= nil, "rows accept what decode does not") end

  -- What decode accepts, lua-cjson does: except that it calls a number what
  -- strtod does, and does not want a byte order mark, nor other than arrays and
  -- objects, nor a zero byte behind them.
  if value == nil or not has_cjson then return end
  local ok, expected = pcall(cjson.decode, (text:gsub("^\239\187\191", "")))
  if not ok then error("lua-cjson refuses: " .. expected) end
  if options.nulls then assert(equals_cjson(value, expected), "lua-cjson gives another value") end
end
