-- The inputs of a target that are kept, one to a line of spec/fuzz/TARGET.corpus:
-- printable characters as they are, but a backslash and all others as \xNN.
--
--   lua5.4 spec/fuzz/corpus.lua unpack FILE DIRECTORY
--   lua5.4 spec/fuzz/corpus.lua pack FILE DIRECTORY
local action, packed, directory = arg[1], arg[2], arg[3]

local function escape(c) return ("\\x%02X"):format(c:byte()) end
local function unescape(digits) return string.char(tonumber(digits, 16)) end

local function write(name, bytes)
  local file = assert(io.open(name, "wb"))
  assert(file:write(bytes))
  assert(file:close())
end

local function read(name)
  local file = assert(io.open(name, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

local actions = {}

function actions.unpack()
  local count = 0
  for line in io.lines(packed) do
    count = count + 1
    write(("%s/kept-%04d"):format(directory, count), (line:gsub("\\x(%x%x)", unescape)))
  end
end

function actions.pack()
  local lines = {}
  local names = io.popen(("find '%s' -type f"):format(directory))
  for name in names:lines() do
    lines[#lines + 1] = read(name):gsub("[%c\\\127-\255]", escape) .. "\n"
  end
  names:close()
  table.sort(lines) -- so that a change shows as one
  write(packed, table.concat(lines))
end

actions[action]()
