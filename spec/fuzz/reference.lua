-- JSON as RFC 8259 says it, slowly and with nothing in common with the decoder:
-- what the fuzzer compares it with. Lua 5.4.
local null = require("partnercenter.core").null

local ESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r",
  t = "\t" }

local value

local function space(text, at) return text:match("^[ \t\n\r]*()", at) end

local function fail() error("no JSON", 0) end

local function unescape(text, at)
  local letter = text:sub(at, at)
  if letter ~= "u" then return ESCAPES[letter] or fail(), at + 1 end
  local high = tonumber(text:match("^u(%x%x%x%x)", at) or fail(), 16)
  if high < 0xD800 or high > 0xDFFF then return utf8.char(high), at + 5 end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 5) or fail(), 16)
  if high > 0xDBFF or low < 0xDC00 or low > 0xDFFF then fail() end
  return utf8.char(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00), at + 11
end

local function str(text, at)
  local parts = {}
  if text:sub(at, at) ~= '"' then fail() end
  at = at + 1
  while true do
    local byte = text:byte(at)
    if byte == nil or byte < 0x20 then fail() end
    if byte == 0x22 then break end
    if byte == 0x5C then
      parts[#parts + 1], at = unescape(text, at + 1)
    else
      parts[#parts + 1] = text:sub(at, at)
      at = at + 1
    end
  end
  local whole = table.concat(parts)
  if not utf8.len(whole) then fail() end
  return whole, at + 1
end

local function number(text, at)
  local whole = text:match("^-?0", at) or text:match("^-?[1-9]%d*", at) or fail()
  local past = at + #whole
  local rest = (text:match("^%.%d+", past) or "")
  rest = rest .. (text:match("^[eE][+-]?%d+", past + #rest) or "")
  local n = math.tointeger(tonumber(whole))
  if rest ~= "" or whole == "-0" or n == nil or ("%d"):format(n) ~= whole then
    n = tonumber(whole .. (rest ~= "" and rest or ".0"))
  end
  if n == math.huge or n == -math.huge then fail() end
  return n, past + #rest
end

local function array(text, at, options, depth)
  local list, n = {}, 0
  at = space(text, at + 1)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    n = n + 1
    list[n], at = value(text, at, options, depth)
    at = space(text, at)
    local c = text:sub(at, at)
    if c == "]" then return list, at + 1 end
    if c ~= "," then fail() end
    at = at + 1
  end
end

local function object(text, at, options, depth)
  local map = {}
  at = space(text, at + 1)
  if text:sub(at, at) == "}" then return map, at + 1 end
  while true do
    local name, member
    name, at = str(text, space(text, at))
    at = space(text, at)
    if text:sub(at, at) ~= ":" then fail() end
    member, at = value(text, at + 1, options, depth)
    if member == null and not options.nulls then member = nil end
    map[name] = member
    at = space(text, at)
    local c = text:sub(at, at)
    if c == "}" then return map, at + 1 end
    if c ~= "," then fail() end
    at = at + 1
  end
end

local WORDS = { ["true"] = true, ["false"] = false, ["null"] = null }

function value(text, at, options, depth)
  at = space(text, at)
  local c = text:sub(at, at)
  if c == '"' then return str(text, at) end
  if c == "[" or c == "{" then
    if depth == options.max_depth then fail() end
    return (c == "[" and array or object)(text, at, options, depth + 1)
  end
  local word = text:match("^true", at) or text:match("^false", at) or text:match("^null", at)
  if word then return WORDS[word], at + #word end
  return number(text, at)
end

--- The value of the text, or nothing when it is not JSON.
-- @treturn boolean whether it is
-- @treturn value
return function(text, options)
  local ok, result, at = pcall(value, (text:gsub("^\239\187\191", "")), 1, options, 0)
  if not ok then
    assert(result == "no JSON", result)
    return false
  end
  text = text:gsub("^\239\187\191", "")
  if space(text, at) <= #text then return false end
  return true, result
end
