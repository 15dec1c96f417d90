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
  "2020-02-29", "2000-02-29T12:00:00Z", "1900-03-01", "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "2021-12-31T23:59:60.1234567-14:00",
} do
  write(3, date)
  write(0, "\0" .. date)
end
for _, values in ipairs {
  "O'Neil\0x' or 'a' eq 'a\0''", "'\0''\0'''", "a\0b\0c\0d", "#1.5\0@2018-01-01\0!\0#-3",
  "abc\0abcd\0Contoso\0con",
} do
  write(4, values)
end
for _, wait in ipairs {
  "120", "Sun, 06 Nov 1994 08:49:37 GMT\0Sun, 06 Nov 1994 08:47:37 GMT",
  "99999999999999999999", "0\0x\0",
  '\0\0{"statusCode":429,"message":"Rate limit is exceeded. Try again in 48 seconds."}',
} do
  write(7, wait)
end
for _, answer in ipairs {
  '{"access_token":"a","token_type":"Bearer","expires_in":3599,"refresh_token":"r"}',
  '{"access_token":"a","expires_on":"1000000500"}',
  '{"error":"temporarily_unavailable"}', '{"error":"authorization_pending"}', '{"error":""}',
  '{"access_token":"a b"}', '{"access_token":"a\\n"}', '{"access_token":"a","expires_in":1e300}',
  '{"device_code":"d","user_code":"U","verification_url":"x","interval":-1,"expires_in":"-2"}',
  '{"device_code":"d","user_code":"U","verification_uri":"https://x.example/","interval":5,'
    .. '"expires_in":900,"message":"open it"}',
} do
  write(8, answer)
end
-- A leap day of 2000, as eight bytes from the year 1000 on.
write(3, ("<I8"):pack(951782400 + 30610224000))
write(5, "s3cret\0my s3cret and s3%63ret\0s3cr")
write(0, '{"code":1,"description":"SECRET"}\0' .. "57\0x\0")
