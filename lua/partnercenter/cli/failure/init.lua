--- How the command ends: its exit codes, and the way to them from anywhere.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.failure

local errors = require "partnercenter.errors"

local M = {}

--- The exit codes.
-- @field done all that was asked for
-- @field failed some calls failed, or what came could not be written
-- @field usage wrong use: an option, a setting, a filter
-- @field sign_in a person has to sign in
-- @field unknown a check could not find out
-- @field interrupted Ctrl-C, or another signal that ends it, which has a number of its own
--   then (128 and its own); what was there is written
-- @field unread who read the standard output went away, as `head` does
M.codes = {
  done = 0, failed = 1, usage = 2, sign_in = 3, unknown = 4, interrupted = 130, unread = 141,
}

local mt = { __name = "partnercenter.cli.failure" }
mt.__tostring = function(self) return self.message end

--- Ends the command.
-- @tparam string code name of an exit code
-- @tparam string message for the person
-- @raise always; `partnercenter.cli` catches it
-- @tparam[opt] string kind of the error behind it, for programs; default is the code
function M.raise(code, message, kind)
  error(setmetatable({ code = M.codes[code], message = message, kind = kind or code }, mt), 0)
end

--- Ends the command because it was used wrongly.
-- @tparam string message how, and what is right; as for `string.format`
-- @param ... its arguments
-- @raise always
function M.usage(message, ...)
  M.raise("usage", select("#", ...) > 0 and message:format(...) or message)
end

--- The name of the exit code that an error of the library leads to.
-- @tparam Error err
-- @treturn string
function M.of(err)
  if err.kind == "sign_in" then return "sign_in" end
  return err.kind == "config" and "usage" or "failed"
end

-- The library speaks of its options; here they are flags, and a variable.
local function in_words_of_flags(text)
  local function flag(name)
    if name == "proxy" then return "https_proxy" end
    return "--" .. name:gsub("_", "-")
  end
  return (text:gsub("pass err%.claims.*$", "run 'partnercenter login'")
    :gsub("the option ([%l_]+)", flag):gsub("the ([%l_]+) option", flag)
    :gsub("option '([%l_]+)'", flag):gsub("where_here", "--filter-here"))
end

--- The words for an error of the library.
-- @tparam Error err
-- @treturn string what failed, why, and what to do at the command line
function M.words(err)
  local text = in_words_of_flags(tostring(err))
  if err.kind == "sign_in" and not text:find("partnercenter login", 1, true) then
    text = text .. "; 'partnercenter login' signs in again"
  end
  return text
end

--- Ends the command with an error of the library.
-- @tparam Error err
-- @raise always
function M.fail(err)
  M.raise(M.of(err), M.words(err), err.kind)
end

--- Is it what the standalone Lua raises after Ctrl-C? It does so from a hook,
-- wherever the program is.
-- @param value what pcall gave
-- @treturn boolean
function M.is_interrupt(value)
  return type(value) == "string" and value:find("interrupted!%s*$") ~= nil
end

--- The exit code and the message of what pcall caught.
-- @param value
-- @treturn number
-- @treturn string
-- @treturn string what kind of failure it is, for programs
function M.explain(value)
  if getmetatable(value) == mt then return value.code, value.message, value.kind end
  if errors.is(value) then return M.codes[M.of(value)], M.words(value), value.kind end
  if M.is_interrupt(value) then return M.codes.interrupted, "interrupted", "interrupted" end
  return M.codes.failed, "unexpected error: " .. tostring(value), "failed"
end

return M
