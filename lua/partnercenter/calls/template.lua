--- What requests share, as the core has read it: made once for all that were prepared
-- together.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.calls.template

local core = require "partnercenter.core"
local version = require "partnercenter.version"

local USER_AGENT = ("partnercenter-lua/%s (%s)"):format(version, _VERSION)

local M = {}

local function new(call, shared)
  local settings = call.transport.settings
  local headers = { { "User-Agent", USER_AGENT } }
  for i, header in ipairs(shared.headers) do headers[i + 1] = header end
  return core.template {
    method = not shared.token_endpoint and shared.method or nil,
    headers = headers,
    timeout = settings.timeout,
    connect_timeout = settings.connect_timeout,
    max_body = settings.max_body,
    streamed = call.streamed,
    nulls = settings.nulls,
    array_mt = not shared.token_endpoint and settings.array_mt or nil,
    counts = shared.counts,
    renames = shared.renames,
  }
end

--- The template of a call's request.
-- @tparam table call see `partnercenter.calls.attempt`
-- @treturn Template for the session's `send`
function M.of(call)
  local request, transport = call.request, call.transport
  local prepared = request.prepared
  -- Some get headers of their own afterwards.
  if not prepared or prepared.headers ~= request.headers then return new(call, request) end
  local templates = call.streamed and transport.streamed_templates or transport.templates
  local template = templates[prepared]
  if not template then
    template = new(call, prepared)
    templates[prepared] = template
  end
  return template
end

return M
