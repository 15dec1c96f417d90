-- SECURITY.md: each promise names the specs that hold it, and they are there.
describe("SECURITY.md", function()
  local file = assert(io.open("SECURITY.md"))
  local promises = file:read("*a"):match("## What is promised(.-)\n## ")
  file:close()

  local rows = {}
  for promise, held in promises:gmatch("\n| ([^\n]-) | ([^\n|]-) |") do
    if promise ~= "Promise" then rows[#rows + 1] = { promise, held } end
  end

  it("has promises", function() assert.is_true(#rows >= 20) end)

  for _, row in ipairs(rows) do
    it("has what holds: " .. row[1], function()
      local count = 0
      for name in row[2]:gmatch("`([^`]+)`") do
        count = count + 1
        if name:find("^spec/") then
          local spec = assert(io.open(name), name .. " is missing")
          assert.truthy(spec:read("*a"):find("it(", 1, true), name)
          spec:close()
        else
          local target, found = name:match("^make (%S+)$"), false
          for line in io.lines("Makefile") do
            local targets = line:match("^([%w -]+):[^=]") or ""
            found = found or (" " .. targets .. " "):find(" " .. target .. " ", 1, true) ~= nil
          end
          assert.is_true(found, name)
        end
      end
      assert.is_true(count > 0)
    end)
  end
end)
