-- A headless Chromium for specs, steered over WebDriver.
--
--   local browser = browser.start()
--   browser:shape { width = 1280, height = 900, dark = false }
--   browser:open(url), browser:run("return document.title"), browser:wait("return …")
--   browser:find(css):click(), browser:keys(css, text), browser:screenshot(path)
--   browser:console() --> what went wrong on the page, browser:stop()
local cjson = require "spec.support.json"
local core = require "partnercenter.core"
local shell = require "spec.support.shell"

local M = {}

local LIMIT = 60      -- seconds for one command

local methods = {}
local mt = { __name = "browser", __index = methods }

local quoted, run = shell.quoted, shell.run

--- Are the numbers of a column in order?
function M.is_sorted(list, descending)
  for i = 2, #list do
    local one, other = list[i - 1], list[i]
    if descending then one, other = other, one end
    if one > other then return false end
  end
  return true
end

--- Is it installed?
function M.available()
  return run("command -v chromedriver"):find("%S") ~= nil
    and run("command -v chromium"):find("%S") ~= nil
end

-- WebDriver is JSON over HTTP. A process for each call would take longer than the call.
local function call(self, method, path, body)
  local text = body and (type(body) == "string" and body or cjson.encode(body))
  local transfer = assert(self.net:send {
    url = ("http://127.0.0.1:%d%s"):format(self.port, path), method = method, body = text,
    headers = { { "Content-Type", "application/json" } }, timeout = LIMIT,
  })
  local ok, answer
  repeat
    ok, answer = transfer:value()
    if ok == false and not answer then self.net:step(1) end
  until ok ~= false
  if not ok then error("chromedriver: " .. tostring(answer), 3) end
  local value = answer.value
  if type(value) == "table" and value.error then
    error(("%s: %s"):format(value.error, value.message), 3)
  end
  return value
end

local function session_call(self, method, path, body)
  return call(self, method, "/session/" .. self.session .. path, body)
end

-- A browser of its own, with a new profile.
function M.start()
  local dir = run("mkdir -p build/browser && mktemp -d $PWD/build/browser/XXXXXX"):match("%S+")
  local port = tonumber((run([[while :; do
    port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
    grep -q "$(printf ':%04X ' $port)" /proc/net/tcp /proc/net/tcp6 || { echo $port; break; }
  done]])))
  local pid = tonumber(run(("TMPDIR=%s timeout 900 chromedriver --port=%d >%s/log 2>&1 & echo $!")
    :format(dir, port, dir)))
  local self = setmetatable({ port = port, pid = pid, dir = dir, net = core.session {} }, mt)
  run(("for i in $(seq 500); do curl -s http://127.0.0.1:%d/status | grep -q '\"ready\":true' && "
    .. "break; sleep 0.02; done"):format(port))
  local arguments = {
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--lang=en-US", "--user-data-dir=" .. dir .. "/profile",
  }
  local value = call(self, "POST", "/session", { capabilities = { alwaysMatch = {
    browserName = "chrome",
    ["goog:chromeOptions"] = { args = arguments, binary = run("command -v chromium"):match("%S+") },
    ["goog:loggingPrefs"] = { browser = "ALL" },
  } } })
  self.session = value.sessionId
  return self
end

-- As wide, high and dark as wanted, with an empty page. A window itself is not
-- made narrower than 500 points.
function methods:shape(options)
  local width = options.width or 1280
  self:devtools("Emulation.setDeviceMetricsOverride", {
    width = width, height = options.height or 900, deviceScaleFactor = 1, mobile = width < 500,
  })
  self:devtools("Emulation.setEmulatedMedia", { features = {
    { name = "prefers-color-scheme", value = options.dark and "dark" or "light" },
  } })
  self:open("about:blank")
end

-- One command of the DevTools protocol.
function methods:devtools(command, parameters)
  return session_call(self, "POST", "/goog/cdp/execute", { cmd = command, params = parameters })
end

function methods:open(url)
  session_call(self, "POST", "/url", { url = url })
end

-- What a script on the page returns.
function methods:run(script)
  return session_call(self, "POST", "/execute/sync",
    '{"script":' .. cjson.encode(script) .. ',"args":[]}')
end

-- The same, as soon as it is something true.
function methods:wait(script, seconds)
  local deadline = core.now() + (seconds or 30)
  repeat
    local value = self:run(script)
    if value then return value end
    self.net:step(0.03)
  until core.now() > deadline
  error("waited in vain for: " .. script, 2)
end

local function element_of(self, css)
  local value = session_call(self, "POST", "/element", { using = "css selector", value = css })
  return (select(2, next(value)))
end

-- Real mouse and key events, as a person makes them.
function methods:click(css)
  session_call(self, "POST", "/element/" .. element_of(self, css) .. "/click", "{}")
end

function methods:keys(css, text)
  session_call(self, "POST", "/element/" .. element_of(self, css) .. "/value", { text = text })
end

-- A key for whatever has the focus.
function methods:press(key)
  session_call(self, "POST", "/actions", { actions = { {
    type = "key", id = "keyboard",
    actions = { { type = "keyDown", value = key }, { type = "keyUp", value = key } },
  } } })
end

function methods:screenshot(path)
  local data = session_call(self, "GET", "/screenshot")
  local file = assert(io.open(path .. ".base64", "w"))
  file:write(data)
  file:close()
  run(("base64 -d %s.base64 >%s && rm %s.base64"):format(quoted(path), quoted(path), quoted(path)))
end

-- What the console says of errors and warnings since the last time.
function methods:console()
  local lines = {}
  for _, entry in ipairs(session_call(self, "POST", "/se/log", { type = "browser" })) do
    if entry.level == "SEVERE" or entry.level == "WARNING" then
      lines[#lines + 1] = entry.message
    end
  end
  return table.concat(lines, "\n")
end

function methods:stop()
  pcall(call, self, "DELETE", "/session/" .. self.session)
  self.net:close()
  run("kill " .. self.pid)
  run(("for i in $(seq 100); do kill -0 %d 2>/dev/null || break; sleep 0.02; done; rm -rf %s")
    :format(self.pid, quoted(self.dir)))
end

return M
