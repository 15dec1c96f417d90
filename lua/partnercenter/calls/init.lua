--- Calls: one operation with all its attempts, and many of them side by side.
--
-- Others use a *transport*, which has what the calls of one client need and
-- nothing else: settings, a way to send, a way to tell. `fetch` gives a document,
-- `stream` rows as they arrive, `map` runs a function for many things; `cancel`
-- ends a call from outside. Requests come from `partnercenter.resources`.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls

local attempt = require "partnercenter.calls.attempt"
local bytes = require "partnercenter.calls.bytes"
local call = require "partnercenter.calls.call"
local failures = require "partnercenter.calls.failures"
local map = require "partnercenter.calls.map"
local stream = require "partnercenter.calls.stream"

local M = {}

local methods = {}
local mt = { __name = "partnercenter.transport", __index = methods }

--- What calls are made with.
-- @tparam table options
-- @tparam table options.settings of `partnercenter.client.settings`: those that
--   concern single calls
-- @tparam Dispatcher options.dispatcher sends, and waits
-- @tparam Limiter options.limiter gives places
-- @tparam Throttle options.throttle is told what the service takes
-- @tparam function options.mask takes secrets out of a value
-- @tparam ?function options.tell takes an event; nil when nobody listens
-- @tparam ?SignIn options.sign_in gives tokens; nil for the calls of the sign-in
--   itself, which carry none and wait for no place
-- @treturn Transport
function M.transport(options)
  return setmetatable({
    settings = options.settings,
    dispatcher = options.dispatcher,
    limiter = options.limiter,
    throttle = options.throttle,
    mask = options.mask,
    tell = options.tell,
    sign_in = options.sign_in,
    -- What requests share, by what they were prepared from.
    templates = setmetatable({}, { __mode = "k" }),
    streamed_templates = setmetatable({}, { __mode = "k" }),
  }, mt)
end

--- Makes a call, with retries, and gives the whole document.
-- @tparam table request of `partnercenter.resources.request`
-- @tparam[opt] boolean iterating the caller is the iterator of a `for`
-- @tparam[opt] number deadline on the dispatcher's clock, in place of the settings'
-- @tparam[opt] table holder its `call` becomes the call, from the start
-- @treturn[1] value the decoded document
-- @treturn[1] table facts about the answer
-- @treturn[1] boolean whether one of its rows is no table
-- @treturn[1] ?string the digest of its rows, where the request has `before`
-- @treturn[2] nil
-- @treturn[2] Error
function methods:fetch(request, iterating, deadline, holder)
  local options = (deadline or holder) and { deadline = deadline, holder = holder } or nil
  local document, made = call.run(self, request, attempt.read_document, iterating, options)
  if document == nil then return nil, made end
  return document, made.facts, made.scalars, made.digest
end

--- The deadline of an operation that begins now.
-- @treturn ?number on the dispatcher's clock; nil without a `deadline`
function methods:deadline()
  local seconds = self.settings.deadline
  return seconds and self.dispatcher.clock() + seconds or nil
end

--- The rows of one answer as they arrive.
-- @tparam table request
-- @tparam ?boolean iterating
-- @tparam table holder its `call` is the call, from the start: for `cancel`
-- @treturn[1] Stream
-- @treturn[2] nil
-- @treturn[2] Error
function methods:stream(request, iterating, holder)
  local options = { streamed = true, holder = holder }
  local opened, made = call.run(self, request, stream.open, iterating, options)
  if not opened then return nil, made end
  -- Others may have had their turn since it was opened.
  if made.cancelled then return nil, failures.interruption(made) end
  return opened
end

--- The bytes of one answer as they arrive, whatever they are.
-- @tparam table request with `raw`
-- @tparam ?boolean iterating
-- @tparam table holder its `call` is the call, from the start: for `cancel`
-- @tparam ?number deadline on the dispatcher's clock, until the first byte
-- @treturn[1] Bytes
-- @treturn[2] nil
-- @treturn[2] Error
function methods:bytes(request, iterating, holder, deadline)
  local options = { streamed = true, holder = holder, deadline = deadline }
  local opened, made = call.run(self, request, bytes.open, iterating, options)
  if not opened then return nil, made end
  if made.cancelled then return nil, failures.interruption(made) end
  return opened
end

--- Wait, unless the client is closed.
-- @tparam number seconds
-- @tparam ?boolean iterating
-- @tparam[opt] key whoever has it can end the wait, by `wake`
-- @treturn boolean false: the client is closed
function methods:sleep(seconds, iterating, key)
  self.dispatcher:sleep(seconds, iterating, key)
  return not self.dispatcher.closed
end

--- End a wait before its time.
-- @param key as for `sleep`
function methods:wake(key) self.dispatcher:cancel(key) end

--- The same work for many things, side by side.
-- @tparam table|function input
-- @tparam function fn
-- @tparam ?table options
-- @tparam number level whom to blame, as in Lua's `error`
-- @treturn function iterator
-- @treturn table with `close`
-- @see partnercenter.client:map
function methods:map(input, fn, options, level)
  local iterate, closer = map.new(self.dispatcher, self.throttle, input, fn, options, level + 1)
  return iterate, closer -- no tail call: levels are counted
end

M.cancel = attempt.cancel

return M
