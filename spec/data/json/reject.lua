-- JSON texts that are wrong: { text, what, offset }. What is the name of an
-- error of the core; offset is that of the wrong byte, from 1.
local cases = {}

local function add(text, what, offset) cases[#cases + 1] = { text, what, offset } end

-- Cut short: one byte behind the last.
for _, text in ipairs { "", " ", "\n\t ", "[", "{", "[1", "[1,", "[1, ", "[[]", '{"a"', '{"a":',
  '{"a":1', '{"a":1,', '{"', '"', '"abc', '"\\', '"\\u', '"\\u1', '"\\u12', '"\\u123',
  '"\\u1234', '"\\ud83d', '"\\ud83d\\', '"\\ud83d\\u', '"\\ud83d\\ude0', "t", "tr", "tru", "f",
  "fals", "n", "nul", "-", "1.", "1e", "1e+", "1E-", "-1.", "[1.", "[true", "[tru", '["a"',
  '{"a":{"b":[', "\239", "\239\187", "\239\187\191", "\239\187\191 ", '"\195', '"\226\130',
  '"\240\159\152', '["x","', '[{"a":1},{"a":', '[{"a":1},{"a', "[-" } do
  add(text, "TRUNCATED", #text + 1)
end

-- No value where one must be.
for _, case in ipairs { { "x", 1 }, { "]", 1 }, { "}", 1 }, { ",", 1 }, { ":", 1 }, { "[,", 2 },
  { "[,1]", 2 }, { "[1,]", 4 }, { "[1,,2]", 4 }, { "[ ,1]", 3 }, { '{"a":}', 6 },
  { '{"a":,"b":1}', 6 }, { "[1,}", 4 }, { "'a'", 1 }, { "[x]", 2 }, { "+1", 1 }, { ".5", 1 },
  { "NaN", 1 }, { "Infinity", 1 }, { "[nan]", 3 }, { "undefined", 1 }, { "True", 1 }, { "NULL", 1 },
  { "trux", 4 }, { "tru]", 4 }, { "truE", 4 }, { "nul ", 4 }, { "falsy", 5 }, { "[fase]", 4 },
  { "/* */1", 1 }, { "//\n1", 1 }, { "#1", 1 }, { "\0", 1 }, { "\0001", 1 }, { "[\0]", 2 },
  { "\11", 1 }, { "\12", 1 }, { "\194\160", 1 }, { "\239\191\191", 1 }, { "\239\187x", 1 },
  { " \239\187\1911", 2 }, { "\239\187\191\239\187\1911", 4 }, { "\254\255", 1 }, { "\1281", 1 },
  { "<html>", 1 }, { "[1,\0]", 4 }, { "\\u0031", 1 }, { "[`a`]", 2 },
  { "-Infinity", 2, "NUMBER" } } do
  add(case[1], "JSON_" .. (case[3] or "VALUE"), case[2])
end

-- No name where one must be.
for _, case in ipairs { { "{1:1}", 2 }, { "{a:1}", 2 }, { "{'a':1}", 2 }, { "{,}", 2 },
  { '{"a":1,}', 8 }, { '{"a":1,,"b":1}', 8 }, { "{null:1}", 2 }, { "{[]:1}", 2 }, { "{:1}", 2 },
  { '{"a":1, }', 9 }, { "{]", 2 }, { "{{}", 2 }, { '[{"a":1},{a:1}]', 11 },
  { '[{"a":1},{"a":1,}]', 17 } } do
  add(case[1], "JSON_NAME", case[2])
end

-- No colon.
for _, case in ipairs { { '{"a"}', 5 }, { '{"a" 1}', 6 }, { '{"a",1}', 5 }, { '{"a"=1}', 5 },
  { '{"a""b"}', 5 }, { '{"a"\0:1}', 5 }, { '{"a" \n}', 7 }, { '[{"a":1},{"a";1}]', 14 } } do
  add(case[1], "JSON_COLON", case[2])
end

-- Neither comma nor the right bracket.
for _, case in ipairs { { "[1 2]", 4 }, { "[1}", 3 }, { "[1:2]", 3 }, { '{"a":1]', 7 },
  { '{"a":1 "b":2}', 8 }, { '{"a":1:2}', 7 }, { '["a" "b"]', 6 }, { '["a""b"]', 5 },
  { "[[]{}]", 4 }, { "[[][]]", 4 }, { "[true false]", 7 }, { "[truex]", 6 }, { "[nullnull]", 6 },
  { "[1;2]", 3 }, { '{"a":"b"x}', 9 }, { "[0x10]", 3 }, { "[1_000]", 3 }, { "[1.5.5]", 5 },
  { "[1e5e5]", 5 }, { "[1-1]", 3 }, { "[1+1]", 3 }, { "[-0-]", 4 },
  { '[{"a":"b"},{"a":"b"x}]', 20 } } do
  add(case[1], "JSON_COMMA", case[2])
end

-- Numbers.
for _, case in ipairs { { "01", 2 }, { "00", 2 }, { "-01", 3 }, { "[01]", 3 }, { "007", 2 },
  { "01.5", 2 }, { "1.e1", 3 }, { "1. ", 3 }, { "[1.]", 4 }, { "1.x", 3 }, { "--1", 2 },
  { "-x", 2 }, { "- 1", 2 }, { "-.5", 2 }, { "1ex", 3 }, { "1e+x", 4 }, { "1e ", 3 },
  { "[1e]", 4 }, { "[1e+]", 5 }, { "1e++1", 4 }, { "1e1.5", 4, "EXTRA" }, { "1..2", 3 },
  { "[-]", 3 }, { "1.-5", 3 }, { "0e", 3, "TRUNCATED" }, { '{"a":01}', 7 }, { "1e1e1", 4, "EXTRA" },
  { "-+1", 2 }, { "[1,02]", 5 }, { "1.2.3", 4, "EXTRA" } } do
  add(case[1], case[3] == "TRUNCATED" and case[3] or "JSON_" .. (case[3] or "NUMBER"), case[2])
end
for _, number in ipairs { "1e309", "-1e309", "1e400", "-1e400", "1.7976931348623159e308",
  "179769313486231580793728971405304e276", "1e999999999999999999999", "0.1e310" } do
  add(number, "JSON_RANGE", 1)
  add("[" .. number .. "]", "JSON_RANGE", 2)
end
add("1" .. ("0"):rep(309), "JSON_RANGE", 1)
add('{"a":1,"b":1e999}', "JSON_RANGE", 12)

-- Control characters in strings.
for code = 0, 31 do
  local control = string.char(code)
  add('"' .. control .. '"', "JSON_CONTROL", 2)
  if code % 4 == 0 then
    add('"0123456789abcdef' .. control .. '"', "JSON_CONTROL", 18)
    add('{"a' .. control .. '":1}', "JSON_CONTROL", 4)
    add('["a","a' .. control .. '"]', "JSON_CONTROL", 8)
  end
end

-- Escapes.
for _, case in ipairs { { [["\x"]], 2 }, { [["\a"]], 2 }, { [["\0"]], 2 }, { [["\'"]], 2 },
  { [["\U0041"]], 2 }, { [["\u"]], 2 }, { [["\u1"]], 2 }, { [["\u12"]], 2 }, { [["\u123"]], 2 },
  { [["\u123g"]], 2 }, { [["\u12 4"]], 2 }, { [["\u-123"]], 2 }, { [["\u+123"]], 2 },
  { [["\u0x41"]], 2 }, { [["abc\x"]], 5 }, { [["\n\q"]], 4 }, { [["\\\x"]], 4 },
  { '"\\\n"', 2 }, { '"\\\0"', 2 }, { '"\\\195\169"', 2 }, { [[["a","\z"]\]], 7 },
  { [[{"\x":1}]], 3 }, { [["0123456789abcdef\x"]], 18 }, { [["\u00e9\u00g9"]], 8 },
  { '"\\u12\1"', 2 }, { '"\\x', 2 }, { '"\\x\1"', 2 } } do
  add(case[1], "JSON_ESCAPE", case[2])
end
for _, case in ipairs { { [["\ud83d"]], 2 }, { [["\ude00"]], 2 }, { [["\ud83dx"]], 2 },
  { [["\ud83d\n"]], 2 }, { [["\ud83d\ud83d"]], 2 }, { [["\ud83d\u0041"]], 2 },
  { [["\ude00\ud83d"]], 2 }, { [["\ud83d\u"]], 2 }, { [["\ud83d\ude0"]], 2 },
  { [["\ud83d\ude0g"]], 2 }, { [["\ud83d\\"]], 2 }, { [["ab\udfff"]], 4 }, { [["\ud800"]], 2 },
  { [["\udbff"]], 2 }, { [["\udc00"]], 2 }, { [["\ud83d\ude00\ud83d"]], 14 },
  { [[{"\ud83d":1}]], 3 }, { '"\\ud83d\1"', 2 }, { [["\ud83d😀"]], 2 } } do
  add(case[1], "JSON_SURROGATE", case[2])
end

-- UTF-8: lone and missing continuations, longer than need be, surrogates, too
-- high.
for _, bytes in ipairs { "\128", "\191", "\192", "\192\128", "\193\191", "\194", "\194x", "\195(",
  "\224\128\128", "\224\159\191", "\224\160", "\226\130", "\226\130x", "\226x", "\237\160\128",
  "\237\191\191", "\240\128\128\128", "\240\143\191\191", "\240\159\152", "\240\159x", "\240x",
  "\244\144\128\128", "\245\128\128\128", "\247\191\191\191", "\248", "\252", "\254", "\255",
  "\255\255", "\195\195" } do
  add('"' .. bytes .. '"', "JSON_UTF8", 2)
  add('"0123456789abcdef' .. bytes .. '"', "JSON_UTF8", 18)
  add('{"é' .. bytes .. '":1}', "JSON_UTF8", 5)
end
add('"é\\n\255"', "JSON_UTF8", 6)
add('"é\\x\255"', "JSON_ESCAPE", 4)
-- What comes before the wrong escape is shorter once it is read.
add('{"a":"\\\\u\\u01"}', "JSON_ESCAPE", 10)
add('{"a":"\\n\\\\\\q"}', "JSON_ESCAPE", 11)
add('"\255\\x"', "JSON_UTF8", 2)
add('"\255\1"', "JSON_UTF8", 2)
add('"\195\1"', "JSON_UTF8", 2)
add('"\255', "JSON_UTF8", 2)
add('["a","a\255"]', "JSON_UTF8", 8)

-- More than one value.
for _, case in ipairs { { "1 2", 3 }, { "[]]", 3 }, { "{}}", 3 }, { "[][]", 3 }, { "{},{}", 3 },
  { "1,", 2 }, { "true false", 6 }, { "truefalse", 5 }, { '""""', 3 }, { "null\0", 5 },
  { "[]x", 3 }, { "0 x", 3 }, { "0x1", 2 }, { "[]\239\187\191", 3 }, { '{"a":1}\n//', 9 },
  { "1\0", 2 }, { "12 34", 4 }, { "-1-", 3 }, { "1.5f", 4 }, { "1L", 2 } } do
  add(case[1], "JSON_EXTRA", case[2])
end

-- Too deep.
add(("["):rep(129), "JSON_DEPTH", 129)
add(("["):rep(5000), "JSON_DEPTH", 129)
add(('{"a":'):rep(129), "JSON_DEPTH", 641)
add(('[{"a":'):rep(100), "JSON_DEPTH", 385)

return cases
