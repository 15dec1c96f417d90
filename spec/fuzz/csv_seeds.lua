-- Writes CSV texts as a first corpus for the fuzzer:
--
--   lua5.4 spec/fuzz/csv_seeds.lua DIRECTORY
local directory, count = arg[1], 0

local function write(text, head)
  if #text > 1500 then return end
  count = count + 1
  local file = assert(io.open(("%s/seed-%04d"):format(directory, count), "wb"))
  file:write(head or "\4abc", text) -- flags, cuts, text
  file:close()
end

for _, case in ipairs(dofile "spec/data/csv/cases.lua") do
  write(case[1])
  write(case[1], "\0\1\63\7")
end
for _, name in ipairs { "insights-report.csv", "insights-report.tsv" } do
  local file = assert(io.open("spec/data/examples/" .. name, "rb"))
  local text = file:read "a"
  file:close()
  write(text, name:find "tsv" and "\5\0\3\63" or "\204abc")
end
