-- The partnercenter command, for the specs: in a pipe and in a pseudo-terminal.
--
--   command.run(words, { env = {}, box = box })   -> exit code, output, errors
--   command.terminal(words, { env, box, columns, talk = function(seen, send) })
--     -> exit code, everything that was shown. `talk` is called whenever there
--     is more; seen is all so far, send types something.
--
-- Both take `script`, where it is not the checkout's bin/partnercenter, and `pid`, a path at
-- which the command's own is written; `run` takes `stdin`, a file's path, and `stdout`, what
-- the shell writes behind `>`.
local shell = require "spec.support.shell"

local M = {}

local ABI = _VERSION:match("%d%.%d")
local LUA = os.getenv "PC_LUA" or (type(rawget(_G, "jit")) == "table" and "luajit" or "lua" .. ABI)
M.lua = LUA

local LIMIT = 60      -- seconds, then it is killed

local quoted = shell.quoted

-- Under valgrind each start of the command takes seconds, and it is Lua that runs.
function M.skips()
  if os.getenv "PC_UNDER" ~= "valgrind" then return false end
  local busted = require "busted"
  busted.it("the command is left to the other runs", function() end)
  return true
end

-- A new directory, which goes with `remove`.
function M.directory()
  local pipe = assert(io.popen("mkdir -p build && mktemp -d \"$PWD/build/cli.XXXXXXXX\""))
  local path = pipe:read("*l")
  pipe:close()
  return path
end

function M.remove(directory)
  os.execute("rm -rf " .. quoted(directory))
end

-- A copy of the program in a directory, without the modules beside it, as it is
-- installed; gives its path.
function M.copy(directory)
  os.execute(("mkdir -p %s/bin && cp bin/partnercenter %s/bin"):format(quoted(directory),
    quoted(directory)))
  return directory .. "/bin/partnercenter"
end

function M.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then file:close() end
  return text
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- Nothing of this machine's own settings reaches the command.
local function environment(options)
  local env = { HOME = options.home or "/proc/nonexistent", LC_ALL = "C.UTF-8", TERM = "xterm" }
  local box = options.box
  if box then
    env.PARTNERCENTER_BASE_URL, env.PARTNERCENTER_AUTHORITY = box.base_url, box.authority
    env.PARTNERCENTER_CA_FILE, env.PARTNERCENTER_TOKEN = box.ca_file, box.token
  end
  for name, value in pairs(options.env or {}) do env[name] = value or nil end
  local words = { "env", "-u XDG_CONFIG_HOME -u XDG_STATE_HOME -u NO_COLOR -u COLUMNS" }
  for name, value in pairs(env) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ")
end

-- The whole command as a line for the shell; words as an array, or as the shell reads them.
function M.line(words, options)
  if type(words) == "table" then
    local list = {}
    for i, word in ipairs(words) do list[i] = quoted(word) end
    words = table.concat(list, " ")
  end
  local script = options.script or "bin/partnercenter"
  local line = ("%s %s %s %s"):format(environment(options), LUA, quoted(script), words)
  if not options.pid then return line end
  return ("sh -c 'echo $$ >\"$0\"; exec \"$@\"' %s %s"):format(quoted(options.pid), line)
end

function M.run(words, options)
  options = options or {}
  local directory = M.directory()
  os.execute(("timeout -k 5 %d %s >%s 2>%s/err <%s; echo $? >%s/code"):format(
    LIMIT, M.line(words, options), options.stdout or directory .. "/out", directory,
    quoted(options.stdin or "/dev/null"), directory))
  local code = tonumber(M.read(directory .. "/code"))
  local out, err = M.read(directory .. "/out"), M.read(directory .. "/err")
  M.remove(directory)
  return code, out, err
end

-- `script` gives a command a terminal; what is typed comes through a FIFO. No
-- `timeout` may stand between: it would hand a Ctrl-C on, as a second one.
function M.terminal(words, options)
  options = options or {}
  local directory = M.directory()
  local keys = directory .. "/keys"
  os.execute("mkfifo " .. keys)
  local inner = ("trap : INT; stty cols %d rows 50; %s; echo \"<exit $?>\""):format(
    options.columns or 100, M.line(words, options))
  local pipe = assert(io.popen(("timeout --foreground -k 5 %d script -q -c %s /dev/null <%s 2>&1")
    :format(LIMIT, quoted(inner), keys)))
  local typing = assert(io.open(keys, "w"))
  local seen = ""
  local function send(text)
    typing:write(text)
    typing:flush()
  end
  while not seen:find("<exit %d+>") do
    local byte = pipe:read(1)
    if not byte then break end
    seen = seen .. byte
    if options.talk then options.talk(seen, send) end
  end
  typing:close()
  pipe:close()
  M.remove(directory)
  local shown, code = seen:match("^(.-)<exit (%d+)>")
  return tonumber(code), ((shown or seen):gsub("\r+\n", "\n"))
end

-- A file of spec/data/cli against a text; PC_UPDATE=1 writes the file instead.
function M.golden(name, text)
  local path = "spec/data/cli/" .. name
  if os.getenv "PC_UPDATE" == "1" then
    os.execute("mkdir -p spec/data/cli")
    M.write(path, text)
  end
  return M.read(path), text
end

return M
