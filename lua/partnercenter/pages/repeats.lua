--- Notices a page that is the page before it once more: a server that ignores `skip`
-- or a token answers so, and rows would be given out twice.
--
-- Pages are compared as a whole, by the digest of the bytes of their rows. One that
-- differs anywhere is another page. One that does not is an error, unless all of its
-- rows are one and the same, and have no id: of such rows two pages may well be equal.
-- So that is believed once; a third such page is an error, too.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.pages.repeats

local wire = require("partnercenter.util").wire

local M = {}

local methods = {}
local mt = { __name = "partnercenter.repeats", __index = methods }

local function is_equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not is_equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function has_id(row)
  for key in pairs(type(row) == "table" and row or {}) do
    if type(key) == "string" and wire.lower(key):find("id$") then return true end
  end
  return false
end

local function are_one_without_id(rows)
  if has_id(rows[1]) then return false end
  for i = 2, #rows do
    if not is_equal(rows[i], rows[1]) then return false end
  end
  return true
end

--- A watch over the pages of one walk.
-- @treturn table its `digest` is that of the page before, "" before the first
function M.new()
  return setmetatable({ digest = "", believed = false }, mt)
end

--- Ends a page.
-- @tparam ?string digest of its rows, as the decoder gives it
-- @tparam table rows all of them as they came, if `digest` is that of the page before
-- @treturn boolean whether it is the page before once more
function methods:end_page(digest, rows)
  local equal = digest == self.digest and rows[1] ~= nil
  local repeated = equal and (self.believed or not are_one_without_id(rows))
  self.digest, self.believed = digest or "", equal
  return repeated
end

return M
