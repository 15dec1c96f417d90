-- A session lends one decoder to its transfers in turn: what it remembers of one
-- answer must not show in the next.
local core = require "partnercenter.core"
local sandbox = require "spec.support.sandbox"

local ROWS = {}
for i = 1, 200 do
  ROWS[i] = ('{"name":"Contoso %d","sold":%d,"service":"%s","more":{"a":[%d,null],"b":"\\u00e9"}}')
    :format(i % 7, i, i % 2 == 0 and "o365" or "crm", i)
end

local BODIES = {
  '{"items":[' .. table.concat(ROWS, ",") .. '],"totalCount":200}',
  '{"items":[' .. ROWS[1] .. '],"totalCount":1}',
  '{"totalCount":1,"items":[' .. ROWS[2] .. ']}',
  '{"items":[]}', "{}", "[]", "null", "[[[[1]]]]", '"text"', "-0.5", "[1,2,3]", '{"a":null}',
  '{"items":[{"name":1,"sold":"x"}]}', '{"items":[{"name":"Contoso 1"', "[1,2", '{"a":tru}', "",
  '{"items":[{"name":"Contoso 1","name":"twice"}]}', '{"' .. ("k"):rep(300) .. '":"v"}',
}

describe("the decoder that a session lends", function()
  local box, session

  setup(function() box = sandbox.start { customers = 3 } end)
  teardown(function() box:stop() end)
  before_each(function() session = assert(core.session { ca_file = box.ca_file }) end)
  after_each(function() session:close() end)

  local function fetch(body, nulls)
    box:control { clear_faults = true, faults = { { match = "/v1/", body = body, status = 200 } } }
    local transfer = assert(session:send { url = box.base_url .. "/v1/x", nulls = nulls,
      headers = { { "Authorization", "Bearer " .. box.token } } })
    local ok, value, offset
    repeat
      ok, value, offset = transfer:value()
      if ok == false then session:step(5) end
    until ok ~= false
    return ok, value, offset
  end

  local order = {}
  for i = 1, #BODIES do
    order[#order + 1] = i
    order[#order + 1] = (i * 7) % #BODIES + 1
  end

  for _, nulls in ipairs { false, true } do
    it("decodes as a new one does, " .. (nulls and "with" or "without") .. " nulls", function()
      for n, i in ipairs(order) do
        local body = BODIES[i]
        local keep = nulls and n % 2 == 0
        local expected, message, offset = core.decode(body, { nulls = keep })
        local ok, value, at = fetch(body, keep)
        if expected == nil then
          assert.is_nil(ok)
          assert.equal(message, value)
          assert.equal(offset, at)
        else
          assert.is_true(ok)
          assert.same(expected, value)
        end
      end
    end)
  end
end)
