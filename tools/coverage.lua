-- Adds up which lines ran, of Lua (what spec/support/linecov.lua wrote) and of
-- C (gcovr's JSON), and holds the rest against tools/coverage.lst: every line
-- that did not run must be in the list with a reason, and every entry of the
-- list must still be a line of its file.
--
--   lua5.4 tools/coverage.lua HITS-DIRECTORY GCOVR.json
local cjson = require "cjson"
local tree = dofile "tools/files.lua"

local list, lines_of = tree.list, tree.lines_of

local LEAST = { C = 95, Lua = 97 }     -- percent of the lines
local HITS, GCOVR = arg[1], arg[2]
local problems = {}

local function trim(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Entries are "FILE | LINE OF CODE | REASON"; "*" for a whole file, which then
-- does not count.
local function read_justified()
  local whole, single = {}, {}
  for number, line in ipairs(lines_of "tools/coverage.lst") do
    if line ~= "" and line:sub(1, 1) ~= "#" then
      local path, code, reason = line:match "^(%S+) | (.+) | (.+)$"
      if not path then
        problems[#problems + 1] = "tools/coverage.lst:" .. number .. ": not FILE | LINE | REASON"
      elseif code == "*" then
        whole[path] = reason
      else
        single[path] = single[path] or {}
        single[path][trim(code)] = number
      end
    end
  end
  return whole, single
end

local whole, single = read_justified()

local function check_stale()
  for path, entries in pairs(single) do
    local present, file = {}, io.open(path)
    if file then
      for line in file:lines() do present[trim(line)] = true end
      file:close()
    end
    for code, number in pairs(entries) do
      if not present[code] then
        problems[#problems + 1] = ("tools/coverage.lst:%d: no such line in %s"):format(number, path)
      end
    end
  end
end

local function report(language, files)
  local ran, all, justified = 0, 0, 0
  for _, file in ipairs(files) do
    local code = lines_of(file.path)
    table.sort(file.missed)
    all, ran = all + file.count, ran + file.count - #file.missed
    for _, line in ipairs(file.missed) do
      if (single[file.path] or {})[trim(code[line])] then
        justified = justified + 1
      else
        problems[#problems + 1] = ("%s:%d: did not run: %s"):format(file.path, line,
          trim(code[line]))
      end
    end
  end
  local percent = 100 * ran / math.max(all, 1)
  if percent < LEAST[language] then
    problems[#problems + 1] = ("%s: %.1f %% of the lines, wanted are %d"):format(language, percent,
      LEAST[language])
  end
  return ("%s %.1f %% (%d of %d lines, %d justified)"):format(language, percent, ran, all,
    justified)
end

local function lua_files()
  local hits, files = {}, {}
  for _, name in ipairs(list("ls " .. HITS)) do
    for line in io.lines(HITS .. "/" .. name) do hits[line] = true end
  end
  for _, path in ipairs(list "find lua bin -type f 2>/dev/null | sort") do
    if not whole[path] then
      local active, file = {}, { path = path, count = 0, missed = {} }
      for _, line in ipairs(list("luac5.4 -l -l -p " .. path .. " 2>/dev/null")) do
        local number, op = line:match "^%s+%d+%s+%[(%d+)%]%s+(%u[%u%d]*)"
        if number and op ~= "VARARGPREP" and not op:find "^RETURN" then
          active[tonumber(number)] = true
        end
      end
      for line in pairs(active) do
        file.count = file.count + 1
        if not hits[path .. ":" .. line] then table.insert(file.missed, line) end
      end
      files[#files + 1] = file
    end
  end
  return files
end

local function c_files()
  local input = assert(io.open(GCOVR))
  local document = cjson.decode(input:read "a")
  input:close()
  local files = {}
  for _, entry in ipairs(document.files) do
    if not whole[entry.file] then
      local file = { path = entry.file, count = 0, missed = {} }
      for _, line in ipairs(entry.lines) do
        if not line["gcovr/noncode"] then
          file.count = file.count + 1
          if line.count == 0 then table.insert(file.missed, math.floor(line.line_number)) end
        end
      end
      files[#files + 1] = file
    end
  end
  return files
end

check_stale()
local summary = { report("C", c_files()), report("Lua", lua_files()) }
table.sort(problems)
for _, text in ipairs(problems) do print(text) end
print("coverage: " .. table.concat(summary, ", ") .. "; " .. #problems .. " problems")
os.exit(#problems == 0)
