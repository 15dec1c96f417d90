-- For spec/oom.c: everything the decoder does, with memory running out.
-- Literals are interned when this is loaded and would hide their allocation, so
-- the texts are put together here.
-- luacheck: globals oom
local core = require "partnercenter.core"

local row = {}
for i = 1, 14 do
  row[i] = ('"member %d":{"text":"value %d and more than forty bytes of it, surely",'):format(i, i)
    .. ('"escape\\u00e9 %d":"\\n\\ud83d\\ude00 %d","list":[%d,[%d,null,%d.25],{}],"n":null}')
      :format(i, i, i, i, i)
end
local object = "{" .. table.concat(row, ",") .. "}"
local deep = ("["):rep(40) .. object .. ("]"):rep(40)
local text = '{"first":' .. deep .. ',"items":[' .. (object .. ","):rep(3) .. object .. "]}"

-- Runs f. A decoder in which memory ran out says so from then on; one in which
-- it did not, is as it was. Both close.
local function survive(decoder, f)
  local ok, message = pcall(f)
  if ok then return end
  oom.stop()
  local fed, why = decoder:feed("")
  for _ = 1, fed and 0 or 2 do
    assert(why == "not enough memory", why)
    assert(select(2, decoder:next()) == why)
    assert(select(2, decoder:finish()) == why)
    why = select(2, decoder:feed("1"))
  end
  decoder:close()
  assert(tostring(decoder):find("closed", 1, true))
  error(message, 0)
end

assert(core.decode(object))
assert(core.decode(text, { nulls = true, array_mt = {} }))
assert(core.decode("[1,x]") == nil)

for _, size in ipairs { 50, 700, #text } do
  local decoder = core.decoder { rows = size ~= 700, array_mt = {} }
  survive(decoder, function()
    local rows = 0
    for i = 1, #text, size do
      assert(decoder:feed(text:sub(i, i + size - 1)))
      while decoder:next() do rows = rows + 1 end
    end
    assert(decoder:finish().first)
    assert(rows == (size ~= 700 and 4 or 0))
  end)
end
