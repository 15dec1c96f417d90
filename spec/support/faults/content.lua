-- Faults of what is in a body: compression, JSON, envelopes, rows.
local answers = require "spec.support.faults.answers"
local documents = require "spec.support.documents"

local GOOD, ROW, head = answers.GOOD, answers.ROW, answers.head

-- Answers each request with this body and these header lines.
local function gives(body, ...)
  local headers = { "Content-Type: application/json", ... }
  return function(c)
    while c:head() do c:answer(200, headers, body) end
  end
end

-- The same with what a shell command makes of it, sent as gzip; the server runs
-- the commands before it is ready.
local commands = {}

local function squeezes(command, cut)
  commands[#commands + 1] = command
  return function(c)
    while c:head() do
      local bytes = c:output(command)
      bytes = bytes:sub(1, cut or #bytes)
      c:answer(200, { "Content-Type: application/json", "Content-Encoding: gzip" }, bytes)
    end
  end
end

-- So many spaces as a block of deflate (RFC 1951): one, then runs of 258 of the
-- one before, in fixed Huffman codes, and an empty block that ends with a byte.
local function deflate_spaces(n)
  local space, run = "01010000", "11000101" .. "00000"
  local bits = "010" .. space .. run:rep(math.floor((n - 1) / 258)) .. space:rep((n - 1) % 258)
    .. "0000000" .. "000"
  bits = bits .. ("0"):rep(-#bits % 8)
  return (bits:gsub("........", function(byte)
    return string.char(tonumber(byte:reverse(), 2))
  end)) .. "\0\0\255\255"
end

-- Numbers of 16 bits.
local function big_endian(number)
  return string.char(math.floor(number / 256), number % 256)
end

local function checksum(text)
  local a, b = 1, 0
  for at = 1, #text do
    a = (a + text:byte(at)) % 65521
    b = (b + a) % 65521
  end
  return big_endian(b) .. big_endian(a)
end

-- Spaces before a good document, in compressed parts of these sizes, each sent
-- for itself.
local function gives_parts(sizes)
  local parts, spaces = {}, 0
  for i, size in ipairs(sizes) do
    parts[i] = deflate_spaces(size)
    spaces = spaces + size
  end
  parts[1] = "\x78\x01" .. parts[1]
  parts[#parts + 1] = "\1" .. big_endian(#GOOD):reverse() .. big_endian(0xffff - #GOOD):reverse()
    .. GOOD .. checksum((" "):rep(spaces) .. GOOD)
  return function(c)
    while c:head() do
      c:send(head "Transfer-Encoding: chunked\r\nContent-Encoding: deflate\r\n")
      for _, bytes in ipairs(parts) do
        c:send(("%x\r\n%s\r\n"):format(#bytes, bytes))
        c:pause(0.02)
      end
      c:send "0\r\n\r\n"
    end
  end
end

local function rows(text)
  return '{"totalCount":1,"items":[' .. text .. "]}"
end

-- Every documented field of a row, of any resource, with a value of every wrong
-- type.
local EXAMPLES = {
  "commercial-deployment-license", "commercial-usage-license", "customer-licenses-deployment",
  "customer-licenses-usage", "customers-list", "indirectresellers", "partner-licenses-deployment",
  "partner-licenses-usage", "referrals", "search", "subscriptions-all", "subscriptions-grouped",
  "usage-azure",
}
local VALUES = {
  "true", "false", "null", "0", "-1", "1.5", "9007199254740993", '""', '"x"', '"12"', '"1e999"',
  "[]", "[1]", "{}", '{"a":1}', '"\\u0000"',
}

local function wrong_rows()
  local fields, list = {}, {}
  for _, name in ipairs(EXAMPLES) do
    local document = documents.read(name .. ".json")
    local row = (document.items or document.Value or { document })[1]
    for field in pairs(row) do fields[field] = true end
  end
  for field in pairs(fields) do
    for _, value in ipairs(VALUES) do list[#list + 1] = ('{"%s":%s}'):format(field, value) end
  end
  return list
end

local WRONG_ROWS = wrong_rows()

local function check_summary(page, partnercenter)
  local insights = partnercenter.insights
  local groups = insights.summarize(page.items, { "customerName", "productName" })
  assert(type(groups) == "table")
  insights.sort(page.items, "licensesSold", "desc")
  insights.below(page.items, 0.5)
end

return {
  title = "Body and JSON",
  commands = commands,
  { name = "gzip-cut", what = "a gzip body that is cut, its length right", group = "Compression",
    serve = squeezes("printf '%s' '" .. rows((ROW .. ","):rep(50) .. ROW) .. "' | gzip -c", 60),
    gets = "protocol", requests = 2 },
  { name = "deflate-parts", what = "a compressed body in parts, one of which is large",
    group = "Compression", serve = gives_parts { 1000, 60000, 10, 20, 500 },
    gets = 1, requests = 1 },
  { name = "gzip-corrupt", what = "a gzip body with wrong bytes in it", group = "Compression",
    serve = squeezes("printf '%s' '" .. GOOD .. "' | gzip -c | tr '\\001-\\077' '\\101-\\177'"),
    gets = "protocol", requests = 1 },
  { name = "gzip-checksum", what = "a gzip body with a wrong checksum", group = "Compression",
    serve = squeezes("printf '%s' '" .. GOOD .. "' | gzip -c | head -c -8; printf 'abcdefgh'"),
    gets = "protocol", requests = 1 },
  { name = "gzip-bomb", what = "16 MiB of blanks in 16 KiB of gzip, over max_body",
    group = "Compression", serve = squeezes "head -c 16777216 /dev/zero | tr '\\0' ' ' | gzip -9c",
    gets = "protocol", like = "max_body", requests = 1 },
  { name = "gzip-plain", what = "a body that is said to be gzip and is not",
    group = "Compression", serve = gives(GOOD, "Content-Encoding: gzip"), gets = "protocol",
    requests = 1 },
  { name = "gzip-trailer", what = "bytes behind the end of the gzip body", group = "Compression",
    serve = squeezes("printf '%s' '" .. GOOD .. "' | gzip -c; printf 'more'"),
    gets_any = { "protocol", 1 }, requests = 1 },
  { name = "gzip-nested", what = "gzip six times over", group = "Compression",
    serve = function(c)
      c:head()
      c:send(head("Content-Encoding: " .. ("gzip, "):rep(5) .. "gzip\r\n"), "x")
    end, gets = "protocol", requests = 1 },
  { name = "unknown-encoding", what = "an encoding that nobody has", group = "Compression",
    serve = gives(GOOD, "Content-Encoding: snappy"), gets = "protocol", requests = 1 },
  { name = "html", what = "HTML at 200", serve = function(c)
      while c:head() do c:answer(200, { "Content-Type: text/html" }, "<html>Sign in</html>") end
    end, gets = "protocol", requests = 1 },
  { name = "html-as-json", what = "HTML that says it is JSON",
    serve = gives "<html>Sign in</html>", gets = "protocol", requests = 1 },
  { name = "empty", what = "no body", serve = gives "", gets = "protocol", requests = 1 },
  { name = "null", what = "null", serve = gives "null", gets = "protocol", requests = 1 },
  { name = "bom-only", what = "a byte order mark alone", serve = gives "\239\187\191",
    gets = "protocol", requests_least = 1, requests_most = 2 },
  { name = "two-boms", what = "two byte order marks",
    serve = gives("\239\187\191\239\187\191" .. GOOD), gets = "protocol", requests = 1 },
  { name = "utf-16", what = "UTF-16", serve = gives "\255\254{\0}\0", gets = "protocol",
    requests = 1 },
  { name = "string", what = "a string", serve = gives '"x"', gets = "protocol", requests = 1 },
  { name = "number", what = "a number", serve = gives "1", gets = "protocol", requests = 1 },
  { name = "cut-json", what = "a JSON text that ends too early, its length right",
    serve = gives(GOOD:sub(1, 40)), gets = "protocol", requests = 2 },
  { name = "two-documents", what = "two JSON texts", serve = gives(GOOD .. GOOD),
    gets = "protocol", requests = 1 },
  { name = "bad-utf8", what = "a string that is not UTF-8", serve = gives(rows '{"a":"\255"}'),
    gets = "protocol", like = "UTF%-8", requests = 1 },
  { name = "surrogate", what = "half of a surrogate pair",
    serve = gives(rows '{"a":"\\ud800"}'), gets = "protocol", requests = 1 },
  { name = "control", what = "a control character in a string", serve = gives(rows '{"a":"\1"}'),
    gets = "protocol", requests = 1 },
  { name = "nan", what = "NaN", serve = gives(rows '{"licensesSold":NaN}'), gets = "protocol",
    requests = 1 },
  { name = "infinite", what = "a number that no double holds",
    serve = gives(rows '{"licensesSold":1e400}'), gets = "protocol", requests = 1 },
  { name = "long-number", what = "a number of 100,000 digits",
    serve = gives(rows('{"licensesSold":' .. ("1"):rep(100000) .. "}")), gets = "protocol",
    requests = 1 },
  { name = "deep", what = "100,000 arrays in each other", serve = gives(("["):rep(100000)),
    gets = "protocol", like = "deep", requests = 1 },
  { name = "deep-objects", what = "100,000 objects in each other",
    serve = gives(('{"a":'):rep(100000)), gets = "protocol", like = "deep", requests = 1 },
  { name = "long-key", what = "a member's name of 500,000 bytes",
    serve = gives(rows('{"' .. ("k"):rep(500000) .. '":1}')), gets_any = { 1, "protocol" },
    requests = 1 },
  { name = "duplicate-key", what = "a name twice in a row: the last one counts",
    serve = gives(rows '{"licensesSold":1,"licensesSold":2}'), gets = 1, requests = 1,
    check = function(page) assert(page.items[1].licensesSold == 2) end },
  { name = "duplicate-rows", what = "two row arrays: the last one counts, or it is an error",
    serve = gives '{"items":[{"a":1}],"items":[{"a":2},{"a":3}]}', gets_any = { 2, "protocol" },
    requests = 1 },
  { name = "duplicate-rows-each", what = "two row arrays, for each", call = "each",
    serve = gives '{"items":[{"a":1}],"items":[{"a":2},{"a":3}]}', gets = "protocol",
    requests = 1 },
  { name = "wrong-types", group = "Envelope",
    what = "every documented field with a value of every wrong type: passed on as it is",
    call = "every", serve = gives(rows(table.concat(WRONG_ROWS, ","))), gets = #WRONG_ROWS,
    requests = 13, check = check_summary },
  { name = "row-no-object", what = "a row that is a number", group = "Envelope",
    serve = gives(rows "1"), gets = "protocol", requests = 1 },
  { name = "row-null", what = "a row that is null", group = "Envelope", serve = gives(rows "null"),
    gets = "protocol", requests = 1 },
  { name = "row-array", what = "a row that is an array", group = "Envelope",
    serve = gives(rows "[1]"), gets_any = { 1, "protocol" }, requests = 1 },
  { name = "rows-object", what = "rows that are an object", group = "Envelope",
    serve = gives '{"totalCount":1,"items":{"a":1}}', gets = "protocol", requests = 1 },
  { name = "rows-text", what = "rows that are a text", group = "Envelope",
    serve = gives '{"totalCount":1,"items":"x"}', gets_any = { 0, "protocol" }, requests = 1 },
  { name = "rows-null", what = "rows that are null", group = "Envelope",
    serve = gives '{"totalCount":0,"items":null}', gets = 0, requests = 1 },
  { name = "count-text", what = "a totalCount that is a text", group = "Envelope",
    serve = gives('{"totalCount":"many","items":[' .. ROW .. "]}"), gets = 1, requests = 1 },
  { name = "count-negative", what = "a negative totalCount", group = "Envelope",
    serve = gives('{"totalCount":-5,"items":[' .. ROW .. "]}"), gets = 1, requests = 1 },
  { name = "count-object", what = "a totalCount that is an object", group = "Envelope",
    serve = gives('{"totalCount":{},"items":[' .. ROW .. "]}"), gets = 1, requests = 1 },
  { name = "empty-object", what = "{}: no rows", group = "Envelope", serve = gives "{}",
    gets = 0, requests = 1 },
  { name = "empty-array", what = "[]: no rows", group = "Envelope", serve = gives "[]",
    gets = 0, requests = 1 },
  { name = "fault-at-200", what = "a documented fault with status 200", group = "Envelope",
    serve = gives '{"code":400072,"description":"Item not available","data":[],"source":"P"}',
    gets_any = { "http", "not_found", "protocol" }, requests = 1 },
}
