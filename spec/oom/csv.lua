-- For spec/oom.c: everything the CSV decoder does, with memory running out.
-- Literals are interned when this is loaded and would hide their allocation, so
-- the texts are put together here.
-- luacheck: globals oom
local core = require "partnercenter.core"

local names, lines = {}, {}
for i = 1, 60 do names[i] = "column " .. i end
for k = 1, 6 do
  local line = {}
  for i = 1, 60 do
    line[i] = ('"value %d of ""row"" %d, and more than forty bytes of it"'):format(i, k)
  end
  line[2], line[3] = k, "2021-03-31"
  line[4] = ("plain text %d and more than forty bytes of it"):format(k)
  lines[k] = table.concat(line, ",")
end
local text = table.concat(names, ",") .. "\r\n" .. table.concat(lines, "\r\n") .. "\r\n"

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
    assert(#decoder:rows() == 0)
    assert(select(2, decoder:finish()) == why)
    why = select(2, decoder:feed("1"))
  end
  decoder:close()
  assert(tostring(decoder):find("closed", 1, true))
  error(message, 0)
end

for _, size in ipairs { 50, 700, #text } do
  local decoder = core.csv { numbers = { "COLUMN 2" }, dates = { "Column 3" },
    arrays = size == 700 }
  survive(decoder, function()
    local rows = 0
    for i = 1, #text, size do
      assert(decoder:feed(text:sub(i, i + size - 1)))
      if size == 50 then
        while decoder:next() do rows = rows + 1 end
      else
        rows = rows + #decoder:rows()
      end
    end
    assert(rows == 6 and #decoder:headings() == 60)
    assert(decoder:finish())
  end)
end

assert(core.csv():feed(names[1] .. "\nx\"y") == nil)
