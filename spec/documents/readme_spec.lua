-- Runs every Lua block of the README and of doc/event-loops.md, and the first
-- example, against the sandbox.
--
-- A block runs as it stands, with three things arranged around it: the
-- environment variables are the sandbox's, `partnercenter.new` fills in the
-- sandbox's addresses where the block names none, and `partner` and `customer`
-- are those of the README's first example. What the "-->" comments of a block
-- say must be printed, in that order.
local sandbox = require "spec.support.sandbox"
local partnercenter = require "partnercenter"

local setfenv = rawget(_G, "setfenv")

local function read(name)
  local file = assert(io.open(name))
  local text = file:read("*a")
  file:close()
  return text
end

-- The blocks, each with the heading above it and its line.
local function lua_blocks(text)
  local blocks, heading, number, block = {}, "", 0, nil
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    if block then
      if line == "```" then
        block.code = table.concat(block, "\n") .. "\n"
        blocks[#blocks + 1], block = block, nil
      else
        block[#block + 1] = line
      end
    elseif line == "```lua" then
      block = { heading = heading, line = number }
    else
      heading = line:match("^#+%s+(.*)") or heading
    end
  end
  return blocks
end

local function load_in(code, name, env)
  if setfenv then return setfenv(assert(loadstring(code, name)), env) end
  return assert(load(code, name, "t", env))
end

describe("README.md", function()
  local box, clients

  setup(function() box = sandbox.start { customers = 40 } end)
  teardown(function() box:stop() end)
  before_each(function() clients = {} end)
  after_each(function()
    for _, client in ipairs(clients) do client:close() end
    box:reset()
  end)

  local function new(options)
    local own = {}
    for name, value in pairs(options) do own[name] = value end
    own.base_url = own.base_url or box.base_url
    own.authority = own.authority or box.authority
    own.ca_file = own.ca_file or box.ca_file
    local client = assert(partnercenter.new(own))
    clients[#clients + 1] = client
    return client
  end

  local function variables()
    return {
      PARTNERCENTER_BASE_URL = box.base_url, PARTNERCENTER_AUTHORITY = box.authority,
      PARTNERCENTER_CA_FILE = box.ca_file, PARTNERCENTER_TOKEN = box.token,
      PARTNERCENTER_CLIENT_SECRET = box.client_secret,
      PARTNERCENTER_REFRESH_TOKEN = box.refresh_token, PARTNERCENTER_CUSTOMER = box.customer_id,
    }
  end

  -- The world of a block; `printed` collects its lines.
  local function world(printed)
    local known = variables()
    local wrapped = setmetatable({ new = new }, { __index = partnercenter })
    local env = {
      arg = {}, customer = box.customer_id, partnercenter = wrapped,
      keep = function(value) assert(type(value) == "string") end,
      os = setmetatable({
        getenv = function(name) return known[name] end,
        exit = function(status) error("the block ended with " .. tostring(status)) end,
      }, { __index = os }),
      require = function(name)
        return name == "partnercenter" and wrapped or require(name)
      end,
      print = function(...)
        local words = {}
        for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
        printed[#printed + 1] = table.concat(words, " ")
      end,
    }
    env.partner = new { credentials = partnercenter.credentials.token(box.token) }
    return setmetatable(env, { __index = _G })
  end

  local function expected_lines(code)
    local lines = {}
    for text in code:gmatch("%-%->%s*([^\n]*)") do lines[#lines + 1] = text end
    return lines
  end

  local text = read "README.md"

  local function run_block(name, block)
    local printed = {}
    load_in(block.code, ("@%s:%d"):format(name, block.line), world(printed))()
    local found, expected = {}, expected_lines(block.code)
    for _, line in ipairs(printed) do
      if line == expected[#found + 1] then found[#found + 1] = line end
    end
    assert.same(expected, found, table.concat(printed, "\n"))
  end

  for _, block in ipairs(lua_blocks(text)) do
    it(("runs the block at line %d: %s"):format(block.line, block.heading), function()
      run_block("README.md", block)
    end)
  end

  local GUIDE = "doc/event-loops.md"
  for _, block in ipairs(lua_blocks(read(GUIDE))) do
    it(("runs the block of %s at line %d: %s"):format(GUIDE, block.line, block.heading), function()
      local needed = block.code:match('require "(%w+)"')
      if needed and not pcall(require, needed) then return pending("needs " .. needed) end
      run_block(GUIDE, block)
    end)
  end

  it("shows the first example as it is", function()
    local example = read "examples/customer_deployment.lua"
    local code = example:match("(local partnercenter.*)$")
    assert.equal(code, lua_blocks(text)[1].code)
    assert.is_true(select(2, example:gsub("\n", "")) <= 30)
  end)

  it("stays short", function()
    assert.is_true(select(2, text:gsub("\n", "")) <= 200)
  end)

  it("names only files and targets that exist", function()
    for name in text:gmatch("`([%w_]+/[%w_./]*%w)`") do
      if not name:find("^build/") then assert(io.open(name), name .. " does not exist"):close() end
    end
    local makefile = read "Makefile"
    for target in text:gmatch("make ([a-z][%w-]*)") do
      assert.truthy(("\n" .. makefile):find("\n[%w .-]*%f[%w]" .. target .. "%f[^%w-][%w .-]*:"),
        "make " .. target .. " does not exist")
    end
  end)

  describe("example", function()
    local function run(name)
      local settings = {}
      for variable, value in pairs(variables()) do
        settings[#settings + 1] = variable .. "='" .. value .. "'"
      end
      table.sort(settings)
      local pipe = assert(io.popen(("%s '%s' examples/%s 2>&1"):format(
        table.concat(settings, " "), os.getenv "PC_LUA" or arg[-1] or "lua", name)))
      local output = pipe:read("*a")
      pipe:close()
      return output
    end

    it("customer_deployment.lua prints what is sold and deployed", function()
      local output = run "customer_deployment.lua"
      assert.equal(table.concat({
        "OFFICE 365 BUSINESS ESSENTIALS\t0 of 1 deployed",
        "EXCHANGE ONLINE (PLAN 1)\t0 of 5 deployed",
        "EXCHANGE ONLINE ARCHIVING FOR EXCHANGE ONLINE\t0 of 2 deployed\n",
      }, "\n"), output)
    end)
  end)
end)
