-- Writes a first corpus for spec/fuzz/library.lua, from the documented answers:
--
--   lua5.4 spec/fuzz/library_seeds.lua DIRECTORY
local directory, count = arg[1], 0

local function write(look, bytes)
  count = count + 1
  local file = assert(io.open(("%s/seed-%04d"):format(directory, count), "wb"))
  file:write(string.char(look), bytes)
  file:close()
end

local pipe = assert(io.popen "ls spec/data/examples/*.json")
for name in pipe:lines() do
  local file = assert(io.open(name, "rb"))
  local body = file:read("a")
  file:close()
  if #body <= 2000 then
    write(name:find("error") and 0 or 1, body)
    write(2, body)
  end
end
pipe:close()

for _, link in ipairs {
  "/v1/customers?size=40&seekOperation=Next\0AQAAAA==", "/customers?filter=%7B%22a%22%7D\0",
  "https://127.0.0.1:8443/v1/x", "//evil/x", "license?$top=1&skip=2 0", "/v1/../x", "/%2e%2e/x",
  "https://127.0.0.1:8443@evil/", "?skip=1", "#x", "javascript:x", "\\\\evil\\x",
} do
  write(2, link)
  write(6, link)
end
for _, date in ipairs {
  "2017-03-14T03:25:16.36+00:00", "2018-10-14T00:00:00", "0001-01-01T00:00:00", "2019-03-04Z",
  "2020-02-29", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994", "2021-12-31T23:59:60.1234567-14:00",
} do
  write(3, date)
  write(0, "\0" .. date)
end
for _, values in ipairs { "O'Neil\0x' or 'a' eq 'a\0''", "'\0''\0'''", "a\0b\0c\0d" } do
  write(4, values)
end
write(5, "s3cret\0my s3cret and s3%63ret\0s3cr")
write(0, '{"code":1,"description":"SECRET"}\0' .. "57\0x\0")
