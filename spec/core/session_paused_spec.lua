-- Transfers that wait for their reader: what is left by one of them reaches no
-- other, and what is refused while one goes on is not forgotten.
local core = require "partnercenter.core"
local faultserver = require "spec.support.faultserver"
local sandbox = require "spec.support.sandbox"

local PATIENCE = require "spec.support.patience"(10)
local BIG = "/partner/v1/analytics/commercial/deployment/license?top=10000"

local function step(session, seconds)
  session:step(seconds)
  while session:ready() do end -- luacheck: ignore
end

describe("partnercenter.core", function()
  local box, packed, session

  setup(function()
    box = sandbox.start { customers = 600, products = 20, gzip = false }
    packed = sandbox.start { customers = 600, products = 20 }
  end)
  teardown(function()
    box:stop()
    packed:stop()
  end)
  after_each(function() session:close() end)

  local function send(from, timeout)
    from = from or box
    return assert(session:send {
      url = from.base_url .. BIG, streamed = not timeout, timeout = timeout,
      headers = { { "Authorization", "Bearer " .. from.token } },
    })
  end

  -- Its rows, each told by what tells it from all others.
  local function read(transfer)
    local rows, deadline = {}, core.now() + 20 * PATIENCE
    while true do
      assert.is_true(core.now() < deadline, "the rows took too long")
      local ok, row = transfer:next()
      if ok then
        rows[#rows + 1] = row.customerTenantId .. row.productName
      elseif ok == nil then
        assert.is_nil(row)
        break
      elseif not row then
        step(session, 1)
      end
    end
    local ok
    repeat ok = transfer:value() step(session, 0.01) until ok ~= false
    assert.is_true(ok)
    return rows
  end

  -- More has come than the window takes: libcurl keeps the rest.
  local function await_pause(transfer)
    local deadline = core.now() + 10 * PATIENCE
    while not transfer:status() do
      assert.is_true(core.now() < deadline, "no answer")
      step(session, 0.1)
    end
    deadline = core.now() + 0.3
    while core.now() < deadline do step(session, 0.05) end
    assert.is_false(transfer:done())
  end

  for _, c in ipairs { { "HTTP/2", false }, { "HTTP/1.1", true } } do
    for _, how in ipairs { "close", "cancel" } do
      it("leaves nothing of a waiting answer to the next: " .. how .. ", " .. c[1], function()
        session = core.session { ca_file = box.ca_file, window = 65536, http1 = c[2] }
        local expected = read(send())
        assert.equal(10000, #expected)
        local kept = send()
        await_pause(kept)
        for _ = 1, 2 do
          local left = send()
          await_pause(left)
          left[how](left)
          assert.same(expected, read(send()))
        end
        assert.same(expected, read(kept))
      end)
    end
  end

  -- What is resident, in MB.
  local function resident()
    local file = assert(io.open "/proc/self/statm")
    local pages = file:read("*a"):match("^%d+ (%d+)")
    file:close()
    return tonumber(pages) * 4096 / 1e6
  end

  -- libcurl ends it by itself, while another one uses the connection.
  it("gives back what is left of a waiting answer whose time is over", function()
    session = core.session { ca_file = packed.ca_file, window = 65536 }
    local kept, before = send(packed), nil
    await_pause(kept)
    for i = 1, 12 do -- 0.3 MB each
      local late = send(packed, 0.4)
      local deadline = core.now() + 10 * PATIENCE
      while not late:done() do
        assert.is_true(core.now() < deadline, "it does not end")
        step(session, 0.1)
      end
      assert.equal("timeout", (late:failure()))
      late:close()
      if i == 4 then before = resident() end
    end
    assert.is_true(resident() - before < 1)
    assert.equal(10000, #read(kept))
  end)
end)

describe("partnercenter.core", function()
  local server

  setup(function() server = faultserver.start() end)
  teardown(function() server:stop() end)

  -- Reads a body that libcurl has in large parts as slowly as may be.
  local function read_slowly(max_body)
    local session = core.session { ca_file = server.ca_file, window = 1 }
    local transfer = assert(session:send {
      url = server:url "deflate-parts" .. "/x", max_body = max_body,
    })
    local deadline, body = core.now() + 10 * PATIENCE
    repeat
      assert.is_true(core.now() < deadline, "the body took too long")
      step(session, 0.05)
      body = transfer:body()
    until body ~= false
    local kind, message = transfer:failure()
    local timings = transfer:timings()
    session:close()
    return body, kind, message, timings
  end

  it("ends a transfer whose body is refused while it goes on", function()
    for max_body = 1000, 61000, 5000 do
      local body, kind, message, timings = read_slowly(max_body)
      assert.is_nil(body)
      assert.same({ "protocol", "the body is larger than max_body allows" }, { kind, message })
      assert.is_true(timings.total > 0)
    end
  end)

  it("reads the same body whole where it may be as large", function()
    local body, kind = read_slowly(100000)
    assert.is_nil(kind)
    assert.truthy(body:find("^ +{\"totalCount\":1,.*}$"))
    assert.is_true(#body > 61530)
  end)
end)
