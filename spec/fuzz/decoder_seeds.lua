-- Writes the texts of spec/data/json as a first corpus for the fuzzer:
--
--   lua5.4 spec/fuzz/decoder_seeds.lua DIRECTORY
local directory, count = arg[1], 0

local function write(text, head)
  if #text > 500 then return end
  count = count + 1
  local file = assert(io.open(("%s/seed-%04d"):format(directory, count), "wb"))
  file:write(head or "\1abc", text) -- flags, cuts, text
  file:close()
end

local function same(x) return x end
for _, case in ipairs(dofile("spec/data/json/accept.lua")(false, same)) do write(case[1]) end
for _, case in ipairs(dofile("spec/data/json/reject.lua")) do write(case[1]) end
local ROW = '{"id":1,"name":"a","list":[1,2.5,"b\\u00e9"],"more":{"x":null,"y":true}}'
write(ROW, "\224abc")
write('{"items":[' .. ROW .. "," .. ROW .. "]}", "\225\0\3\63")
for i = 0, 49 do
  local row = ('{"id":%d,"name":"row %d","tags":["a","b"],"more":{"x":null}}'):format(i, i % 3)
  write(('{"totalCount":2,"items":[%s,%s]}'):format(row, row))
end
