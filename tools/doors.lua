-- The doors: what is done in one place, and what would be code that goes round it.
-- tools/layers.lua asks for `check` with each line of lua/ and src/.
-- SPDX-License-Identifier: MIT
local M = {}

-- `found` are patterns of Lua, any of which tells of code that wants the door; `may` are
-- the files that have it, and `say` is what others are told.
local LUA = {
  { -- What follows the locale of the host program. The command is a program of its own,
    -- in the locale "C".
    found = { "%f[%w_]tonumber%f[^%w_]" },
    may = { "util/wire%.lua$", "^cli/" },
    say = "tonumber may follow the locale: use util/wire",
  },
  {
    found = { ":%s*lower%f[^%w_]", ":%s*upper%f[^%w_]", "string%s*%.%s*[lu][op][wp]er%f[^%w_]",
      "%f[%w_]string%s*%[" },
    may = { "util/wire%.lua$", "^cli/" },
    say = "lower and upper may follow the locale: use util/wire",
  },
  {
    found = { "%%[-+ #0]*%d*%.%d*[aAeEfFgG]", "%%[-+ #0]*%d+[eEfFgG]%f[^%w]",
      "%%[eEfFgG]%f[^%w%[]" },
    may = { "util/wire%.lua$", "^cli/" },
    say = "%f and %g may follow the locale: use util/wire",
  },
  {
    found = { "%.%. ?#", "#[%w_.]+ ?%.%." },
    may = { "util/wire%.lua$", "^cli/" },
    say = "a number as a text may follow the locale: use util/wire",
  },
  { -- Files that others write are read where a caller names them; all that is written is
    -- written by the core.
    found = { "%f[%w_]io%s*%.%s*open%f[^%w_]", "%f[%w_]io%s*%.%s*lines%f[^%w_]",
      "%f[%w_]io%s*%.%s*[io][nu]t?put%f[^%w_]", "%f[%w_]io%s*%.%s*tmpfile",
      "%f[%w_]io%s*%.%s*popen",
      "%f[%w_]os%s*%.%s*tmpname", "%f[%w_]os%s*%.%s*rename", "%f[%w_]os%s*%.%s*remove",
      "%f[%w_]os%s*%.%s*execute", "%f[%w_]io%s*%[", "%f[%w_]os%s*%[" },
    may = { "^cli/", "^insights/tables%.lua$", "^store/file%.lua$" },
    say = "files are the core's (file_read, file_write): see SECURITY.md",
  },
  {
    found = { "io%.open%(.*,%s*\"[wa]", "io%.open%(.*,%s*\"r%+" },
    may = {},
    say = "a file is written by core.file_write, file_append or cli/output",
  },
  { -- What a server calls a secret is read where it becomes known to the register.
    found = { "[^%w]access_token", "[^%w]client_secret", "[^%w]client_assertion",
      "[^%w]code_verifier", "[.:]password", "[^%w]secure_?link" },
    may = { "^sign_in/", "^store/", "^client/proxies%.lua$", "^cli/config/",
      "^cli/commands/account/", "^errors/", "^calls/call%.lua$", "^reports/file%.lua$" },
    say = "a secret: only those who tell it to the register of errors/ may read it",
  },
  {
    found = { "%f[%w_]register%f[^%w_]%s*%(", "%f[%w_]register%.add%f[^%w_]", "%[redacted%]" },
    may = { "^errors/", "^sign_in/init%.lua$", "^client/parts%.lua$", "^client/proxies%.lua$",
      "^client/throttle%.lua$", "^reports/file%.lua$" },
    say = "a client has one register of secrets, made in client/parts",
  },
  { -- An error that was not made there is not masked there either.
    found = { "errors%.new%f[^%w_]", '"partnercenter%.error"',
      '%f[%w_]kind%s*=%s*"[%l_]+"%s*,%s*message%s*=', '%f[%w_]message%s*=.*,%s*kind%s*=%s*"' },
    may = { "^errors/", "^sign_in/init%.lua$", "^ngx/failures%.lua$" },
    say = "an error is made by errors.from_failure or errors.from_response",
  },
  {
    found = { "[nN]ext_?[lL]ink", "links_next", "links%s*%.%s*next", "[cC]ontinuation_?[tT]oken",
      "seekOperation", "skip_?[tT]oken" },
    -- calls/attempt reads the headers of answers, this one among them, and decides nothing.
    may = { "^calls/attempt%.lua$", "^pages/next_page%.lua$", "^pages/continuation%.lua$",
      "^pages/envelope%.lua$", "^resources/catalogue%.lua$", "^errors/advice%.lua$" },
    say = "the next page is decided in pages/next_page",
  },
  { -- A key that is put together by hand is the same for two who ask for different things.
    found = { "%f[%w_]identity%s*%(.*%.%.", "concat%(.-,%s*\"[:|]\"%s*%)",
      '%("[%w_-]+[:|]%%[sd]"', "%%s[:|]%%s", "base_url%s*%.%.%s*\"[:| ]",
      "tenant%s*%.%.%s*\"[:| ]", "client_id%s*%.%.%s*\"[:| ]" },
    may = { "^util/", "^cli/", "^flow/quota%.lua$" },
    say = "keys are made by util/key, those of requests by resources/key",
  },
  { -- The person is told the nearest name everywhere, in the same words.
    found = { "did you mean", "levenshtein" },
    may = { "^util/check%.lua$" },
    say = "a misspelt name is refused with check.hint or check.unknown",
  },
  {
    found = { "%f[%w_]core%s*%.%s*session%f[^%w_]" },
    may = { "^client/parts%.lua$" },
    say = "a client has one session, made in client/parts: calls are handed a transport",
  },
}

local C = {
  {
    found = { "%f[%w_]strto[dflu]l?l?%s*%(", "%f[%w_]ato[fil]l?%s*%(",
      "%f[%w_]to[lu][op][wp]er%s*%(", "%f[%w_]is[dlpsux]%l+%s*%(", "%f[%w_]isal%l+%s*%(",
      "%%[-+ #0]*%d*%.?%d*l?[eEfFgG]%f[^%w]", "%f[%w_]setlocale%s*%(" },
    may = {},
    say = "this follows the locale: see json/number.h",
  },
  { -- Each of these closes on exec, and checks what it has opened.
    found = { "%f[%w_][fdp]?d?open%s*%(", "%f[%w_]openat%s*%(", "%f[%w_]socket%s*%(",
      "%f[%w_]pipe2?%s*%(", "%f[%w_]accept4?%s*%(", "%f[%w_]dup[23]?%s*%(", "%f[%w_]eventfd%s*%(",
      "%f[%w_]epoll_create1?%s*%(", "%f[%w_]socketpair%s*%(", "%f[%w_]mko?stemp%s*%(" },
    may = { "^net/bell%.c$", "^net/seal%.c$", "^net/poll%.c$", "^base/wake%.c$", "^lua/file%.c$",
      "^lua/output%.c$" },
    say = "descriptors are opened in few files, close-on-exec: see tools/doors.lua",
  },
}

-- What of a line is code. A comment begins behind whole texts.
local function code_of(line)
  local from = 1
  while true do
    local at = line:find("--", from, true)
    if not at then return line end
    local _, quotes = line:sub(1, at - 1):gsub('\\"', ""):gsub('"', "")
    if quotes % 2 == 0 then return line:sub(1, at - 1) end
    from = at + 2
  end
end

local function c_code_of(line)
  if line:find("^%s*/?%*%*?%s") then return "" end
  return (line:gsub("/%*.*$", ""))
end

local function matches(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

--- Checks a line.
-- @tparam string file from lua/ or src/
-- @tparam number number
-- @tparam string line
-- @tparam function problem takes file, line and what is wrong
function M.check(file, number, line, problem)
  local rules, name, code = LUA, file:match("^lua/partnercenter/(.*)$"), code_of(line)
  if not name then
    rules, name, code = C, file:match("^src/(.*)$"), c_code_of(line)
  end
  if not name then return end
  for _, rule in ipairs(rules) do
    if matches(code, rule.found) and not matches(name, rule.may) then
      problem(file, number, rule.say)
    end
  end
end

return M
