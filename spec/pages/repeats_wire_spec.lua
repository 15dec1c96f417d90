-- Pages that are alike, and those that are the page before once more.
local sandbox = require "spec.support.sandbox"

-- Rows of a page as text.
local function rows(count, make)
  local list = {}
  for i = 1, count do list[i] = make(i) end
  return list
end

local function numbered(prefix)
  return function(i) return ('{"id":"%s%d","name":"Contoso"}'):format(prefix, i) end
end

local function deep(value)
  return function(i)
    return ('{"id":"%d","a":{"b":{"c":{"d":{"e":"%s"}}}}}'):format(i, value)
  end
end

local function same() return '{"productName":"Office","licensesSold":3}' end

local function joined(a, b)
  local list = {}
  for _, part in ipairs { a, b } do
    for _, row in ipairs(part) do list[#list + 1] = row end
  end
  return list
end

describe("pages that are alike", function()
  local box, partner

  setup(function()
    box = sandbox.start { customers = 2 }
    partner = box:partner { retries = 0 }
  end)

  teardown(function()
    partner:close()
    box:stop()
  end)

  -- The resource whose pages have these rows.
  local function serve(pages)
    local faults = {}
    for i, page in ipairs(pages) do
      local link = pages[i + 1] and (',"links":{"next":{"uri":"/v1/page-%d","method":"GET"}}')
        :format(i + 1) or ""
      faults[i] = { match = "/v1/page-" .. i, status = 200,
        body = ('{"items":[%s]%s}'):format(table.concat(page, ","), link) }
    end
    box:control { clear_faults = true, faults = faults }
    return partner:request { path = "/v1/page-1" }
  end

  local function read(verb, node)
    local got = {}
    local ok, err = pcall(function()
      if verb == "each" then
        for row in node:each() do got[#got + 1] = row end
      elseif verb == "pages" then
        for page in node:pages() do
          for _, row in ipairs(page.items) do got[#got + 1] = row end
        end
      else
        local all, why = node:all()
        if not all then error(why, 0) end
        got = all
      end
    end)
    return ok and #got or err, #got
  end

  for _, c in ipairs {
    { "that begin with ten equal rows are two pages", {
      joined(rows(10, numbered "a"), rows(5, numbered "b")),
      joined(rows(10, numbered "a"), rows(5, numbered "c")) }, 30 },
    { "of which one has a row more are two pages", {
      rows(20, numbered "a"), rows(21, numbered "a") }, 41 },
    { "of which one has a row less are two pages", {
      rows(20, numbered "a"), rows(19, numbered "a") }, 39 },
    { "whose rows differ five levels down are two pages", {
      rows(9, deep "x"), rows(9, deep "y") }, 18 },
    { "that are the same are the page before once more", {
      rows(20, numbered "a"), rows(20, numbered "a") }, "once more", 20 },
    { "that are the same, and short, are, too", {
      rows(1, numbered "a"), rows(1, numbered "a") }, "once more", 1 },
    { "that are the same, and long, are, too", {
      rows(700, numbered "a"), rows(700, numbered "b"), rows(700, numbered "b") },
      "once more", 1400 },
    { "of one row without an id, again and again, lose none", {
      rows(30, same), rows(30, same), rows(7, same) }, 67 },
    { "of one row without an id are not believed in twice", {
      rows(30, same), rows(30, same), rows(30, same) }, "once more", 60 },
    { "without rows are no repetition", { {}, {}, rows(2, numbered "a") }, 2 },
  } do
    for _, verb in ipairs { "each", "pages", "all" } do
      it(c[1] .. " (" .. verb .. ")", function()
        local result, count = read(verb, serve(c[2]))
        if type(c[3]) == "number" then
          assert.equal(c[3], result)
        else
          assert.truthy(tostring(result):find(c[3], 1, true), tostring(result))
          assert.equal(verb == "all" and 0 or c[4], count)
        end
      end)
    end
  end
end)
