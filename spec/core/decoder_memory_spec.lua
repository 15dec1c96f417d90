-- What decoding takes in memory: a fixed multiple of the text, whatever the text
-- is. The documents of bench/hostile.lua are made to make the decoder guess
-- wrong.
local core = require "partnercenter.core"
local hostile = require "bench.hostile"

local KIB = 1024
-- Three bytes of text, `[],`, are a table, for which Lua takes 30 times as much; a
-- wrong guess may double that. 5.1 needs the most for a member.
local MOST = 72
local CONSTANT = 1024 * KIB -- the memo, at its largest, and what the states have

local function measure(decode)
  collectgarbage()
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  local value = decode()
  local taken = (collectgarbage("count") - before) * KIB
  collectgarbage("restart")
  assert(value ~= nil)
  return taken
end

local function in_pieces(text, options)
  local decoder = core.decoder(options)
  for i = 1, #text, 4096 do
    assert(decoder:feed(text:sub(i, i + 4095)))
    while options.rows and decoder:next() do end
  end
  return decoder:finish()
end

-- Bytes of this process: "VmRSS", and "VmHWM", the most since reset_peak().
local function resident(which)
  local file = assert(io.open("/proc/self/status"))
  local kib = file:read("*a"):match(which .. ":%s*(%d+) kB")
  file:close()
  return tonumber(kib) * KIB
end

local function reset_peak()
  local file = assert(io.open("/proc/self/clear_refs", "w"))
  file:write("5")
  file:close()
end

describe("the memory of", function()
  for _, case in ipairs(hostile) do
    it(case.name .. " is bounded by its text", function()
      local text = case.make(200 * KIB)
      local options = { max_depth = case.max_depth }
      local taken = measure(function() return core.decode(text, options) end)
      assert.is_true(taken < MOST * #text + CONSTANT, ("%.1f times"):format(taken / #text))
      for _, rows in ipairs { false, true } do
        options.rows = rows
        taken = measure(function() return in_pieces(text, options) end)
        assert.is_true(taken < (MOST + 1) * #text + CONSTANT, ("%.1f times"):format(taken / #text))
      end
    end)
  end

  describe("a string of 24 MiB in pieces", function()
    local SIZE, PIECE = 24 * KIB * KIB, 64 * KIB
    if (os.getenv "PC_UNDER" or "") ~= "" then return end
    if not io.open("/proc/self/clear_refs", "w") then return end

    for _, c in ipairs {
      { "plain", ("x"):rep(PIECE), 1, 1.25 },
      -- The allocator does not give back what lies below the string, half as long.
      { "of escapes", ("\\n"):rep(PIECE / 2), 0.5, 1.75 },
    } do
      it(c[1] .. " takes twice its text at most, and gives the half back", function()
        collectgarbage()
        local decoder = core.decoder()
        decoder:feed('["')
        reset_peak()
        local before = resident "VmRSS"
        for _ = 1, SIZE / PIECE do decoder:feed(c[2]) end
        decoder:feed('"]')
        local value = decoder:finish()
        local peak = resident "VmHWM" - before
        assert.equal(SIZE * c[3], #value[1])
        collectgarbage()
        collectgarbage()
        local kept = resident "VmRSS" - before
        assert.is_true(peak < 2.3 * SIZE, ("%.2f at most"):format(peak / SIZE))
        assert.is_true(kept < c[4] * SIZE, ("%.2f kept"):format(kept / SIZE))
        assert.is_truthy(tostring(decoder))
      end)
    end
  end)
end)
