-- Writes the texts of spec/data/json as a first corpus for the fuzzer:
--
--   lua5.4 spec/fuzz/seeds.lua DIRECTORY
local directory, count = arg[1], 0

local function write(text)
  if #text > 500 then return end
  count = count + 1
  local file = assert(io.open(("%s/seed-%04d"):format(directory, count), "wb"))
  file:write("\1abc", text) -- flags, cuts, text
  file:close()
end

local function same(x) return x end
for _, case in ipairs(dofile("spec/data/json/accept.lua")(false, same)) do write(case[1]) end
for _, case in ipairs(dofile("spec/data/json/reject.lua")) do write(case[1]) end
for i = 0, 49 do
  local row = ('{"id":%d,"name":"row %d","tags":["a","b"],"more":{"x":null}}'):format(i, i % 3)
  write(('{"totalCount":2,"items":[%s,%s]}'):format(row, row))
end
