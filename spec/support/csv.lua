-- CSV by the letter, one character after the other: what the decoder in C must
-- agree with. And a writer, for texts that come back as they were.
local M = {}

-- Message names as in src/base/errors.def.
local messages = {}
for line in io.lines("src/base/errors.def") do
  local name, text = line:match('^X%(([%u%d_]+), "%l+", "(.*)"%)')
  if name then messages[name] = text end
end

--- The message of an error by its name.
function M.message(name) return assert(messages[name], name) end

-- The length of the UTF-8 sequence at i, or nil.
local function sequence(text, i)
  local c, d = text:byte(i, i + 1)
  if c < 0x80 then return 1 end
  local n = c >= 0xC2 and c <= 0xDF and 2 or c >= 0xE0 and c <= 0xEF and 3
    or c >= 0xF0 and c <= 0xF4 and 4
  if not n or not text:sub(i, i + n - 1):find("^.[\128-\191]+$") or #text < i + n - 1 then
    return nil
  end
  if c == 0xE0 and d < 0xA0 or c == 0xED and d > 0x9F or c == 0xF0 and d < 0x90
    or c == 0xF4 and d > 0x8F then
    return nil
  end
  return n
end

-- Where the first wrong byte of a field is, from its first byte.
local function wrong_utf8(field)
  local i = 1
  while i <= #field do
    local n = sequence(field, i)
    if not n then return i - 1 end
    i = i + n
  end
end

-- A cursor that knows its line.
local function new_cursor(text)
  local i, line, start = 1, 1, 1
  local cursor = {}
  function cursor.peek() return text:sub(i, i) end
  function cursor.take()
    local c = text:sub(i, i)
    i = i + 1
    if c == "\n" or c == "\r" and text:sub(i, i) ~= "\n" then
      line, start = line + 1, i
    end
    return c
  end
  function cursor.begins(pattern) return text:find("^" .. pattern, i) ~= nil end
  function cursor.place() return line, i - start + 1 end
  function cursor.skip(n)
    i, start = i + n, start + n
  end
  function cursor.at_end() return i > #text end
  return cursor
end

-- The field at the cursor: raw text | nil, error, line, byte.
local function read_field(cursor, separator)
  local text, quoted = {}, cursor.peek() == '"'
  local places = {}
  local line, byte = cursor.place()
  if quoted then cursor.take() end
  while true do
    local c = cursor.peek()
    if cursor.at_end() then
      if quoted then return nil, "CSV_OPEN", line, byte end
      break
    elseif quoted and c == '"' then
      cursor.take()
      if cursor.peek() ~= '"' then break end
      text[#text + 1] = '"'
      places[#places + 1] = { cursor.place() }
      cursor.take()
    elseif not quoted and (c == separator or c == "\n" or c == "\r") then
      break
    elseif not quoted and c == '"' then
      return nil, "CSV_QUOTE", cursor.place()
    else
      text[#text + 1] = c
      places[#places + 1] = { cursor.place() }
      cursor.take()
    end
  end
  local c = cursor.peek()
  if not cursor.at_end() and c ~= separator and c ~= "\n" and c ~= "\r" then
    return nil, "CSV_AFTER", cursor.place()
  end
  local field = table.concat(text)
  local wrong = wrong_utf8(field)
  if wrong then
    return nil, "CSV_UTF8", places[wrong + 1][1], places[wrong + 1][2]
  end
  return field, line, byte
end

local function pass_line(cursor)
  if cursor.take() == "\r" and cursor.peek() == "\n" then cursor.take() end
end

-- A line of fields | nil, error, line, byte. `count`: fields it must have;
-- `names`: they must be names.
local function read_record(cursor, separator, count, names, arrays)
  local fields, known = {}, {}
  local is_page = names and cursor.begins "[ \t]*[<{%[]"
  while true do
    local field, line, byte, more = read_field(cursor, separator)
    if not field then
      local page = is_page and #fields == 0 and line == "CSV_QUOTE"
      return nil, page and "CSV_PAGE" or line, byte, more
    end
    fields[#fields + 1] = field
    if names and field:find("%z") then return nil, "CSV_UTF16", line, byte end
    if names and not arrays and field == "" then return nil, "CSV_HEADING", line, byte end
    if names and not arrays and known[field] then return nil, "CSV_TWICE", line, byte end
    known[field] = true
    if cursor.at_end() or cursor.peek() ~= separator then break end
    cursor.take()
    if #fields == count then return nil, "CSV_MORE", cursor.place() end
  end
  return fields
end

-- Whether a line has the names again, the first perhaps behind a byte order mark.
local function is_names(fields, names)
  if #fields ~= #names or fields[1] == "" then return false end
  for i = 2, #names do
    if fields[i] ~= names[i] then return false end
  end
  return fields[1] == names[1] or fields[1] == "\239\187\191" .. names[1]
end

--- Read a text: an array of arrays of texts, the first line among them. On an
-- error also its message, line and byte. `headings`: the first line that is not empty
-- has names, of which `arrays` makes no keys.
function M.read(text, separator, headings, arrays)
  local cursor, rows, count = new_cursor(text), {}, nil
  local start = text:sub(1, 2)
  if start == "\255\254" or start == "\254\255" then return {}, M.message "CSV_UTF16", 1, 1 end
  if start == "\31\139" or text:sub(1, 3) == "PK\3" then
    return {}, M.message "CSV_PACKED", 1, 1
  end
  if text:sub(1, 3) == "\239\187\191" then cursor.skip(3) end
  while not cursor.at_end() do
    local line, byte = cursor.place()
    local first = #rows == 0
    if not (first and headings and cursor.peek():find("[\r\n]")) then
      local fields, why, where, at = read_record(cursor, separator, count, first and headings,
        arrays)
      if not fields then return rows, M.message(why), where, at end
      count = count or #fields
      local _, now = cursor.place()
      local empty = #fields == 1 and now == byte and select(1, cursor.place()) == line
      if #fields < count and not empty then
        return rows, M.message("CSV_FEWER"), cursor.place()
      end
      if headings and rows[1] and is_names(fields, rows[1]) then
        return rows, M.message("CSV_AGAIN"), cursor.place(), 1
      end
      if #fields == count then rows[#rows + 1] = fields end
    end
    if not cursor.at_end() then pass_line(cursor) end
  end
  if headings and #rows == 0 then return rows, M.message("CSV_EMPTY"), cursor.place() end
  return rows
end

local function written(field, separator, always)
  if not always and field ~= "" and not field:find('["\r\n' .. separator .. "]") then
    return field
  end
  return '"' .. field:gsub('"', '""') .. '"'
end

--- Write rows, arrays of texts. `random(n)` decides where it has a choice.
function M.write(rows, separator, line_end, random)
  local lines = {}
  for i, row in ipairs(rows) do
    local fields = {}
    for k, field in ipairs(row) do fields[k] = written(field, separator, random(3) == 1) end
    lines[i] = table.concat(fields, separator)
  end
  return table.concat(lines, line_end) .. (random(2) == 1 and line_end or "")
end

return M
