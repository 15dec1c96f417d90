--- What all workers of an nginx share in a dictionary: one sign-in, and insights
-- that are kept. Users name the modules themselves: `partnercenter.ngx.token_cache`
-- and `partnercenter.ngx.insights_cache`; nothing in the library needs them.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx

local M = {}

-- Loaded when they are asked for: there they need nginx.
return setmetatable(M, {
  __index = function(_, name)
    if name ~= "token_cache" and name ~= "insights_cache" then return nil end
    return require("partnercenter.ngx." .. name)
  end,
})
