-- Starts the sandbox for specs and steers it, from any Lua: by the launcher, and
-- over a port without TLS by LuaSocket, since a curl command takes thirty times as
-- long and the specs steer thousands of times. What is under test goes by curl.
--
--   local box = sandbox.start { customers = 40, quota = 100 }
--   box.base_url, box.ca_file, box.token, box.app_token, ...
--   box:get(path), box:control { latency = 50 }, box:stats(), box:stop()
--   box:partner { retries = 0 }     a client of it
local http = require "socket.http"
local ltn12 = require "ltn12"

local cjson = require "spec.support.json"
local shell = require "spec.support.shell"

local M = {}

local methods = {}
local mt = { __name = "sandbox", __index = methods }

local LAUNCHER = "examples/sandbox/sandbox"
local ROOT = "build/sandbox"
local LIFETIME = 900     -- seconds until one that was forgotten ends itself

local count = 0

local quoted = shell.quoted

local function run(command) return shell.run(shell.CLEAN .. command) end

-- A name nobody else has: mktemp makes it.
local function new_directory()
  count = count + 1
  local dir = run("mkdir -p " .. ROOT .. " && mktemp -d " .. ROOT .. "/XXXXXXXX")
  return assert(dir:match("%S+"), "cannot make a directory below " .. ROOT)
end

local function parse(text)
  local values = {}
  for name, value in text:gmatch("([%w_]+)=([^\n]*)\n") do values[name] = value end
  return values
end

local function arguments(options)
  local list = {}
  for name, value in pairs(options) do
    if name == "plain" then
      if value then list[#list + 1] = "--plain" end
    else
      list[#list + 1] = quoted("--" .. name .. "=" .. tostring(value))
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function launch(dir, options)
  local log = dir .. ".log"
  -- The shell's parent is this process: when it is gone, so is the sandbox.
  local parent = options.parent and "" or " --parent=$PPID"
  local output = run(LAUNCHER .. " start " .. quoted(dir) .. " " .. arguments(options) .. parent
    .. " 2>" .. quoted(log))
  local values = parse(output)
  local file = io.open(log)
  local why = file and file:read("*a") or ""
  if file then file:close() end
  os.remove(log)
  if values.pid then return values end
  return nil, "the sandbox did not start: " .. why
end

-- A running sandbox. Options are those of the launcher; `dir` names a
-- directory to use (and keep) instead of a new one below build/.
function M.start(options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  local kept = given.dir
  given.dir = nil
  given.lifetime = given.lifetime or LIFETIME
  given.plain = true     -- the port that it is steered by
  local dir = kept or new_directory()
  local values, why = launch(dir, given)
  if not values then
    if not kept then os.execute(shell.CLEAN .. "rm -rf " .. quoted(dir)) end
    error(why, 2)
  end
  values.kept, values.options = kept ~= nil, given
  return setmetatable(values, mt)
end

-- The options of a client of it, with the ready token; more are added.
function methods:client_options(more)
  local given = {
    credentials = require("partnercenter").credentials.token(self.token),
    base_url = self.base_url,
    authority = self.authority,
    ca_file = self.ca_file,
  }
  for name, value in pairs(more or {}) do given[name] = value end
  return given
end

-- A client of it; options are those of partnercenter.new.
function methods:partner(options)
  return assert(require("partnercenter").new(self:client_options(options)))
end

-- What curl gives for a path (or a whole address). `options`: method, body,
-- headers (a map), token (false for none), http ("1.1"), args (more words for
-- curl's command line). Returns body, status (a number), headers (a map with
-- lower-case names).
function methods:get(path, options)
  options = options or {}
  local words = { "curl -s -S -g --max-time 30 -D - --cacert", quoted(self.ca_file) }
  local token = options.token
  if token == nil then token = self.token end
  if token then
    words[#words + 1] = "-H " .. quoted("Authorization: Bearer " .. token)
  end
  for name, value in pairs(options.headers or {}) do
    words[#words + 1] = "-H " .. quoted(name .. ": " .. value)
  end
  if options.http then words[#words + 1] = "--http" .. options.http end
  if options.method then words[#words + 1] = "-X " .. options.method end
  if options.body then words[#words + 1] = "--data-binary " .. quoted(options.body) end
  words[#words + 1] = options.args or ""
  local url = path:find("^https?://") and path or self.base_url .. path
  words[#words + 1] = quoted(url) .. " 2>&1"
  local output = run(table.concat(words, " "))
  local head, body = output:match("^(.-\r\n)\r\n(.*)$")
  if not head then return output, nil, {} end
  local headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+): *([^\r\n]*)") do headers[name:lower()] = value end
  return body, tonumber(head:match("^HTTP/%S+ (%d+)")), headers
end

-- Many requests side by side, the answers thrown away: `path` may hold curl's
-- ranges, as in "/v1/customers?size=[1-40]". `args` as for get.
function methods:flood(path, args)
  os.execute(shell.CLEAN .. table.concat({ "curl -s --parallel --parallel-immediate --max-time 30",
    "-o /dev/null --cacert", quoted(self.ca_file),
    "-H", quoted("Authorization: Bearer " .. self.token), args or "",
    quoted(self.base_url .. path), ">/dev/null 2>&1" }, " "))
end

local function steer(self, method, path, body)
  local parts = {}
  local sent, status = http.request {
    url = self.plain_url .. "/_sandbox/" .. path, method = method,
    headers = { ["Sandbox-Control"] = "1", ["Content-Length"] = body and #body },
    source = body and ltn12.source.string(body), sink = ltn12.sink.table(parts),
  }
  local text = table.concat(parts)
  if not sent then error("the sandbox cannot be reached: " .. status, 3) end
  if status ~= 200 then error("the sandbox refused: " .. text, 3) end
  return cjson.decode(text)
end

-- Change settings, add faults: the control call. Returns the settings.
function methods:control(settings)
  self.changed = true
  return steer(self, "POST", "control", cjson.encode(settings))
end

-- What has happened since the start or the last reset.
function methods:stats()
  return steer(self, "GET", "stats")
end

-- What all seats are in truth: `total`, `customers` by id, `kinds`.
function methods:truth()
  return steer(self, "GET", "truth")
end

-- Settings as at the start, no faults, nothing counted.
function methods:reset()
  self.changed = false
  return steer(self, "POST", "reset", "")
end

-- The same when anything was changed since: for before_each. Counts may stay.
function methods:restore()
  if self.changed then self:reset() end
end

-- Kill it as a crash would; `start` on the same directory revives it.
function methods:kill()
  os.execute(shell.CLEAN .. "kill -KILL " .. self.pid)
end

-- Start again in the same directory, on the same port, after stop or kill.
function methods:revive()
  local given = {}
  for name, value in pairs(self.options) do given[name] = value end
  given.port = self.base_url:match("(%d+)$")
  for name, value in pairs(assert(launch(self.dir, given))) do self[name] = value end
  return self
end

-- End it; `keep` leaves its directory for `revive`.
function methods:stop(keep)
  os.execute(shell.CLEAN .. LAUNCHER .. " stop " .. quoted(self.dir))
  if not keep and not self.kept then os.execute(shell.CLEAN .. "rm -rf " .. quoted(self.dir)) end
end

return M
