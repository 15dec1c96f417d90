-- Session and Transfer, and the duties that come with the I/O thread, against
-- the sandbox: real TLS, real HTTP/2.
local check = require "partnercenter.util.check"
local core = require "partnercenter.core"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local CUSTOMER = "/v1/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local DOCUMENTED = CUSTOMER .. "/analytics/licenses/deployment"
local BIG = "/partner/v1/analytics/commercial/deployment/license?top=10000"
local SLOW = CUSTOMER .. "/analytics/licenses/usage"

-- Instrumented runs take their time; the bounds they are held to are wider.
local PATIENCE = os.getenv "PC_UNDER" and os.getenv "PC_UNDER" ~= "" and 10 or 1

describe("partnercenter.core.session", function()
  local box, session

  setup(function()
    box = sandbox.start { customers = 600, products = 20, gzip = false }
    box:control { faults = { { match = "licenses/usage", times = 1000, delay = 30 } } }
  end)
  teardown(function() box:stop() end)
  before_each(function() session = core.session { ca_file = box.ca_file } end)
  after_each(function() session:close() end)

  local function request(path, more)
    local headers = { { "Authorization", "Bearer " .. box.token } }
    local fields = { url = box.base_url .. path, headers = headers }
    for name, value in pairs(more or {}) do fields[name] = value end
    return fields
  end

  local function send(path, more)
    return assert(session:send(request(path, more)))
  end

  -- Step until the condition holds; a bound in time keeps a bug from hanging.
  local function wait_until(condition, seconds)
    local deadline = core.now() + (seconds or 10) * PATIENCE
    while not condition() do
      assert.is_true(core.now() < deadline, "the wait took too long")
      session:step(0.2)
      while session:ready() do end -- luacheck: ignore
    end
  end

  local function wait_for(transfer)
    wait_until(function() return transfer:done() end)
    return transfer
  end

  describe("send", function()
    it("gets status, headers, body and timings", function()
      local t = wait_for(send(DOCUMENTED))
      assert.equal(200, t:status())
      assert.equal("application/json; charset=utf-8", t:header("CONTENT-type"))
      assert.is_nil(t:header("X-None"))
      assert.equal("application/json; charset=utf-8", t:header_list("content-Type"))
      assert.is_nil(t:header_list("X-None"))
      assert.equal(1012, #t:body())
      assert.is_nil(t:failure())
      local timings = t:timings()
      assert.equal("2", timings.http)
      assert.is_false(timings.reused)
      assert.is_true(timings.total > 0 and timings.total >= timings.first_byte)
      assert.equal(1012, timings.bytes)
    end)

    it("reuses the connection", function()
      wait_for(send(DOCUMENTED))
      assert.is_true(wait_for(send(DOCUMENTED)):timings().reused)
    end)

    it("speaks HTTP/1.1 when told so", function()
      session = core.session { ca_file = box.ca_file, http1 = true }
      assert.equal("1.1", wait_for(send(DOCUMENTED)):timings().http)
    end)

    it("never waits", function()
      local started = core.now()
      local kept = {}
      for i = 1, 10 do kept[i] = send(SLOW) end
      assert.equal(10, #kept)
      assert.is_true(core.now() - started < 0.5 * PATIENCE)
      assert.equal(10, session:running())
    end)

    it("sends a body as a form does", function()
      local t = wait_for(assert(session:send {
        url = box.authority .. "/" .. box.tenant .. "/oauth2/v2.0/token",
        headers = { { "Content-Type", "application/x-www-form-urlencoded" } },
        body = "grant_type=nonsense",
      }))
      assert.equal(400, t:status())
      assert.truthy(t:body():find("unsupported_grant_type", 1, true))
    end)

    for _, c in ipairs {
      { "an unknown field", { ulr = "" }, "option 'ulr' is unknown" },
      { "a url of another type", { url = 1 }, "'url' is not a string" },
      { "a zero byte in the url", { url = "https://a\0b" }, "'url' contains a zero byte" },
      { "headers of another type", { headers = "x" }, "'headers' is not a table" },
      { "a header that is no pair", { headers = { { "A" } } }, "header 1 is not a name and a" },
      { "a header that writes another", { headers = { { "A", "b\r\nC: d" } } },
        "header 1 contains a control character" },
      { "another list of another type", { more_headers = 1 }, "'more_headers' is not a table" },
      { "a list that ends in a name", { headers = { { "A", "b" } }, more_headers = { "C" } },
        "header 2 is not a name and a" },
      { "a header of the list that writes another",
        { headers = { { "A", "b" } }, more_headers = { "C", "d", "E", "f\nG: h" } },
        "header 3 contains a control character" },
      { "a negative timeout", { timeout = -1 }, "option 'timeout' is out of range" },
      { "a timeout that is no number", { timeout = 0 / 0 }, "option 'timeout' is out of range" },
      { "a max_body of another type", { max_body = "1" }, "option 'max_body' is not a number" },
    } do
      it("refuses " .. c[1], function()
        local ok, message = pcall(session.send, session, c[2])
        assert.is_false(ok)
        assert.truthy(message:find(c[3], 1, true), message)
      end)
    end

    it("sends what a template and the values behind it say", function()
      local template = core.template {
        method = "GET", headers = { { "Accept", "application/json" } }, nulls = true,
      }
      for _ = 1, 2 do
        local t = wait_for(assert(session:send(template, box.base_url .. DOCUMENTED,
          { "Authorization", "Bearer " .. box.token })))
        assert.equal(200, t:status())
        assert.is_true(t:value())
      end
      local posted = wait_for(assert(session:send(core.template {
        headers = { { "Content-Type", "application/x-www-form-urlencoded" } },
      }, box.authority .. "/" .. box.tenant .. "/oauth2/v2.0/token", nil, "grant_type=nonsense")))
      assert.truthy(posted:body():find("unsupported_grant_type", 1, true))
    end)

    for _, c in ipairs {
      { "an unknown field", { ulr = "" }, "option 'ulr' is unknown" },
      { "what differs from request to request", { url = "x" }, "a template has no 'url'" },
      { "a timeout that is none", { timeout = -1 }, "option 'timeout' is out of range" },
      { "no table", 1, "table expected" },
    } do
      it("refuses a template with " .. c[1], function()
        local ok, message = pcall(core.template, c[2])
        assert.is_false(ok)
        assert.truthy(message:find(c[3], 1, true), message)
      end)
    end

    it("checks what stands behind a template", function()
      local template = core.template {}
      for _, c in ipairs {
        { "'url' is not a string", 1 },
        { "'url' contains a zero byte", "https://a\0b" },
        { "'more_headers' is not a table", box.base_url, 1 },
        { "header 1 contains a control character", box.base_url, { "A", "b\nC: d" } },
        { "'body' is not a string", box.base_url, nil, 1 },
        { "'before' is not a string", box.base_url, nil, nil, 1 },
      } do
        local ok, message = pcall(session.send, session, template, c[2], c[3], c[4], c[5])
        assert.is_false(ok)
        assert.truthy(message:find(c[1], 1, true), message)
      end
      assert.is_false(pcall(session.send, session, session, box.base_url))
    end)

    it("refuses a header that no server would take", function()
      local t, message, kind = session:send {
        url = box.base_url, headers = { { "A", ("x"):rep(200000) } },
      }
      assert.is_nil(t)
      assert.same({ "the URL, a header or the body is too long", "config" }, { message, kind })
    end)

    it("does not show a header's value in an error", function()
      local _, message = pcall(session.send, session, { headers = { { "A", "sec\nret" } } })
      assert.is_nil(message:find("sec", 1, true))
    end)
  end)

  describe("failures", function()
    local function failure(more)
      local fields = request(DOCUMENTED, more)
      local kind, message, detail, cut = wait_for(assert(session:send(fields))):failure()
      return { kind = kind, message = message, detail = detail, cut = cut }
    end

    it("tells a refused connection", function()
      assert.equal("network", failure({ url = "https://127.0.0.1:1/" }).kind)
    end)
    it("tells a name that does not exist", function()
      assert.equal("network", failure({ url = "https://nowhere.invalid/" }).kind)
    end)
    it("tells a certificate of an unknown authority", function()
      session = core.session()
      assert.equal("tls", failure().kind)
    end)
    it("tells a CA file that is not there", function()
      session = core.session { ca_file = "/nonexistent.pem" }
      assert.equal("config", failure().kind)
    end)
    it("tells a time-out", function()
      assert.equal("timeout", failure({ url = box.base_url .. SLOW, timeout = 0.05 }).kind)
    end)
    it("tells a URL of another protocol", function()
      assert.equal("protocol", failure({ url = "ftp://127.0.0.1/" }).kind)
    end)
    it("tells a body that is larger than allowed", function()
      local f = failure({ max_body = 1011 })
      assert.same({ "protocol", "the body is larger than max_body allows" }, { f.kind, f.message })
    end)
    it("tells a body that was cut", function()
      box:control { faults = { { match = "licenses/deployment", close = 100 } } }
      local f = failure()
      assert.equal("network", f.kind)
    end)
    it("tells a peer that hangs up before its headers", function()
      box:control { faults = { { match = "licenses/deployment", close = -1 } } }
      assert.equal("network", failure().kind)
    end)
  end)

  describe("value and next", function()
    it("decode the documented answer", function()
      local t = wait_for(send(DOCUMENTED))
      local ok, document = t:value()
      assert.is_true(ok)
      assert.equal(3, document.totalCount)
      assert.equal("EXCHANGE ONLINE (PLAN 1)", document.items[2].productName)
      assert.same({ true, document }, { t:value() })
    end)

    it("give rows while the body arrives, then the rest", function()
      local t = send(BIG, { streamed = true })
      local rows = 0
      while true do
        local ok, row = t:next()
        if ok then
          rows = rows + 1
          assert.equal("string", type(row.customerName))
        elseif ok == nil then
          assert.is_nil(row)
          break
        elseif not row then
          session:step(5)
          while session:ready() do end -- luacheck: ignore
        end
      end
      assert.equal(10000, rows)
      local ok, rest
      wait_until(function() ok, rest = t:value() return ok end)
      assert.same({}, rest.Value)
      assert.is_true(rest.TotalCount >= 10000)
    end)

    it("give the rows that have arrived as arrays", function()
      local count, arrays, first = 0, 0, nil
      local t = send(BIG, { streamed = true })
      assert.error_matches(function() t:rows(0) end, "from 1 on")
      while true do
        local most = arrays % 2 == 0 and 7 or nil
        local ok, rows = t:rows(most)
        if ok then
          assert.is_true(#rows > 0 and #rows <= (most or 10000))
          count, arrays, first = count + #rows, arrays + 1, first or rows[1]
          for i = 1, #rows do assert(type(rows[i].customerName) == "string") end
        elseif ok == nil then
          assert.is_nil(rows)
          break
        elseif not rows then
          session:step(5)
        end
      end
      assert.equal(10000, count)
      assert.is_true(arrays < 2000)
      local ok, rest
      wait_until(function() ok, rest = t:value() return ok end)
      assert.same({}, rest.Value)
      local whole = wait_for(send(BIG))
      wait_until(function() ok, rest = whole:value() return ok end)
      assert.same(rest.Value[1], first)
    end)

    it("count a transfer as running until it hands out rows", function()
      local t = send(BIG, { streamed = true })
      assert.equal(1, session:running())
      wait_until(function() return (t:next()) end)
      assert.equal(0, session:running())
    end)

    it("decode at most a slice per call", function()
      session = core.session { ca_file = box.ca_file, slice = 65536 }
      local t = wait_for(send(BIG))
      local calls, ok, more = 0
      repeat
        ok, more = t:value()
        calls = calls + 1
        if ok == false then assert.is_true(more) end
      until ok
      assert.is_true(calls >= 40 and calls < 80, calls .. " calls")
      assert.equal(10000, #more.Value)
    end)

    it("tell what is not JSON, and where", function()
      box:control { faults = { { match = "deployment", status = 200, body = '{"items":[1,]}' } } }
      local t = wait_for(send(DOCUMENTED))
      local ok, message, offset = t:value()
      assert.is_nil(ok)
      assert.equal("string", type(message))
      assert.equal(13, offset)
      assert.equal("protocol", (t:failure()))
    end)
  end)

  describe("cancel and close", function()
    it("end a transfer at once", function()
      local t = send(SLOW)
      t:cancel()
      t:cancel()
      assert.is_true(t:done())
      assert.equal("cancelled", (t:failure()))
      assert.equal(0, session:running())
      t:close()
      t:close()
      assert.has_error(function() t:status() end)
    end)

    it("end all transfers of a closed session as cancelled", function()
      local t = send(SLOW)
      session:close()
      session:close()
      assert.equal("cancelled", (t:failure()))
      assert.has_error(function() session:step() end)
      assert.truthy(tostring(session):find("closed", 1, true))
      t:close()
    end)

    it("leave what has arrived to be read when the session is closed", function()
      local t = wait_for(send(DOCUMENTED))
      assert.truthy(tostring(t):find("ended, status 200", 1, true))
      session:close()
      local ok, document = t:value()
      assert.is_true(ok)
      assert.equal(3, #document.items)
      t:close()
      assert.truthy(tostring(t):find("closed", 1, true))
    end)

    it("let go of the document, whoever holds the transfer", function()
      local t = wait_for(send(DOCUMENTED))
      local ok, document = t:value()
      assert.is_true(ok)
      local kept = setmetatable({ document }, { __mode = "v" })
      ok, document = nil, nil -- luacheck: ignore
      collectgarbage()
      assert.equal("table", type(kept[1]))
      t:close()
      collectgarbage()
      assert.is_nil(kept[1])
    end)

    it("end a transfer that is collected", function()
      send(SLOW)
      collectgarbage()
      collectgarbage()
      assert.equal(0, session:running())
    end)

    it("take any order of collecting", function()
      for _ = 1, 20 do
        local s = core.session { ca_file = box.ca_file }
        local t = s:send(request(DOCUMENTED))
        local cycle = { s, t }
        cycle[3] = cycle
        assert.equal(cycle, cycle[3])
        s, t, cycle = nil, nil, nil -- luacheck: ignore
        collectgarbage()
      end
      collectgarbage()
    end)
  end)

  describe("pollfd", function()
    it("belongs to what an event loop can watch", function()
      assert.equal("number", type(session:pollfd()))
      assert.equal("r", session:events())
      assert.is_nil(session:timeout())
    end)
  end)

  describe("the thread", function()
    it("starts with the first request", function()
      local before = #process.threads()
      local s = core.session { ca_file = box.ca_file }
      assert.equal(before, #process.threads())
      s:send(request(SLOW))
      assert.equal(before + 1, #process.threads())
      s:close()
      assert.equal(before, #process.threads())
    end)

    it("has all signals masked", function()
      local known = {}
      for _, id in ipairs(process.threads()) do known[id] = true end
      send(SLOW)
      local masks = 0
      for _, id in ipairs(process.threads()) do
        if not known[id] then
          masks = masks + 1
          local mask = tonumber(process.thread_status(id, "SigBlk"):sub(-8), 16)
          -- HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD
          for _, signal in ipairs { 1, 2, 3, 10, 12, 13, 14, 15, 17 } do
            assert.equal(1, math.floor(mask / 2 ^ (signal - 1)) % 2)
          end
        end
      end
      assert.equal(1, masks)
    end)

    it("ends in bounded time with calls in flight, leaving no descriptor", function()
      local threads, descriptors = #process.threads(), process.descriptors()
      local s = core.session { ca_file = box.ca_file }
      for _ = 1, 50 do s:send(request(SLOW)) end
      s:step(0.1)
      local started = core.now()
      s:close()
      assert.is_true(core.now() - started < 1 * PATIENCE)
      assert.equal(threads, #process.threads())
      assert.equal(descriptors, process.descriptors())
    end)

    it("ends when the session is collected", function()
      local threads = #process.threads()
      local s = core.session { ca_file = box.ca_file }
      s:send(request(SLOW))
      s = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(threads, #process.threads())
    end)

    it("leaves no descriptor to a program that is started meanwhile", function()
      local function inherited()
        local pipe = io.popen "exec ls /proc/self/fd"
        local list = pipe:read("*a")
        pipe:close()
        return list
      end
      local before = inherited()
      local slow = send(SLOW)
      local transfers = {}
      for i = 1, 4 do transfers[i] = send(DOCUMENTED) end
      for i = 1, 4 do assert.equal(200, wait_for(transfers[i]):status()) end
      assert(session:listen("/tmp"))
      assert.is_false(slow:done())
      assert.equal(before, inherited())
    end)

    it("pauses one transfer whose reader is behind, and it alone", function()
      session = core.session { ca_file = box.ca_file, window = 65536 }
      local big = send(BIG, { streamed = true })
      wait_until(function() return big:status() end)
      local small = {}
      for i = 1, 20 do small[i] = send(DOCUMENTED) end
      for i = 1, 20 do assert.equal(200, wait_for(small[i]):status()) end
      assert.is_false(big:done())
      local body
      wait_until(function() body = big:body() return body end)
      assert.is_true(#body > 0)
      assert.is_nil(big:failure())
    end)

    local program = [[
      local core = require "partnercenter.core"
      local session = core.session { ca_file = %q }
      local transfer = session:send { url = %q, headers = { { "Authorization", %q } } }
      session:step(0.05)
      %s
    ]]
    for _, c in ipairs {
      { "the end of the program", "", 0 },
      { "os.exit", "os.exit(3)", 3 },
      { "os.exit that closes the state", "os.exit(4, true)", 4 },
      { "an error", "error('x')", 1 },
      { "a state that still refers to everything", "_G.keep = { session, transfer }", 0 },
    } do
      it("does not outlive " .. c[1], function()
        local code = program:format(box.ca_file, box.base_url .. SLOW, "Bearer " .. box.token, c[2])
        local status, output, seconds = process.run_lua(code)
        assert.equal(c[3], status, output)
        assert.is_true(seconds < 2 * PATIENCE)
      end)
    end
  end)

  describe("a forked child", function()
    -- What runs in the child answers with a file, and ends without a trace of
    -- the parent's memory being freed or looked for.
    local function in_child(f, fork)
      local path = os.tmpname()
      local pid = (fork or process.fork)()
      if pid == 0 then
        process.alarm(math.ceil(20 * PATIENCE)) -- rather than hang
        local _, result = pcall(f)
        local file = io.open(path, "w")
        file:write(tostring(result))
        file:close()
        process.kill(process.pid(), 9)
      end
      assert.equal(128 + 9, process.wait(pid), "the child hung")
      local file = assert(io.open(path))
      local result = file:read("*a")
      file:close()
      os.remove(path)
      return result
    end

    local function call(s)
      local t = s:send(request(DOCUMENTED))
      local deadline = core.now() + 10 * PATIENCE
      while not t:done() and core.now() < deadline do
        s:step(0.2)
        while s:ready() do end -- luacheck: ignore
      end
      return t:status()
    end

    it("uses a session made before the fork", function()
      assert.equal("200", in_child(function() return call(session) end))
      assert.equal(200, call(session))
    end)

    it("starts anew after the parent's first use", function()
      assert.equal(200, call(session))
      assert.equal("200", in_child(function() return call(session) end))
      assert.equal(200, call(session))
    end)

    it("sees the parent's transfers as cancelled, the parent does not", function()
      local slow, done = send(SLOW), send(DOCUMENTED)
      session:step(0.05)
      assert.equal("cancelled", in_child(function()
        session:step(0)
        local kind = slow:failure()
        slow:close()
        done:close()
        session:close()
        collectgarbage()
        return kind
      end))
      assert.equal(200, wait_for(done):status())
      assert.is_false(slow:done())
    end)

    it("never waits for a lock that a thread of its parent had", function()
      session = core.session { ca_file = box.ca_file, window = 20000 }
      local calls = {
        body = function(t) t:body() end,
        ["next"] = function(t) t:next() end,
        header = function(t) t:header "date" end,
        failure = function(t) t:failure() end,
        timings = function(t) t:timings() end,
        close = function(t) t:close() end,
        pollfd = function() session:pollfd() end,
        running = function() assert(session:running() == 0) end,
        ready = function() session:ready() end,
        watch = function() session:watch() end,
        ring = function() session:ring() end,
        unwatch = function() session:unwatch(0) end,
        accept = function() session:accept() end,
        listen = function() assert(session:listen "/tmp") end,
        send = function() assert(session:send(request(DOCUMENTED))) end,
      }
      local transfers = {}
      for i = 1, 8 do transfers[i] = send(BIG, { streamed = true }) end
      for _ = 1, 3 do
        for name, f in pairs(calls) do
          for i = 1, 8 do transfers[i]:body() end
          session:step(0.005)
          assert.equal("fine", in_child(function()
            for i = 1, 8 do f(transfers[i]) end
            return "fine"
          end), name)
        end
      end
    end)

    it("is noticed when the C library has not heard of it", function()
      assert.is_string(core.guid()) -- from here on there are bytes at hand
      local function more()
        local list = {}
        for i = 1, 20 do list[i] = core.guid() end
        list[21] = core.random()
        return table.concat(list, " ")
      end
      local first = in_child(more, process.raw_fork)
      local second = in_child(more, process.raw_fork)
      local own = more()
      local seen = {}
      for word in (table.concat({ first, second, own }, " ")):gmatch("%S+") do
        assert.is_nil(seen[word], word)
        seen[word] = true
      end
      assert.equal("200", in_child(function() return call(session) end, process.raw_fork))
      assert.equal(200, call(session))
    end)
  end)
end)

describe("partnercenter.core", function()
  it("makes version-4 GUIDs that differ", function()
    local seen = {}
    for _ = 1, 1000 do
      local guid = core.guid()
      assert.is_true(check.guid(guid))
      assert.truthy(guid:find("^........%-....%-4...%-[89ab]"))
      assert.is_nil(seen[guid])
      seen[guid] = true
    end
  end)

  it("tells a GUID from anything else", function()
    assert.is_true(core.is_guid "0A1b2c3d-0000-9999-AAAA-ffffffffffff")
    for _, other in ipairs { "", "0a1b2c3d-0000-9999-aaaa-fffffffffffg", 1, false,
      "0a1b2c3d00000-9999-aaaa-ffffffffffff", "0a1b2c3d-0000-9999-aaaa-ffffffffffff0",
      "0a1b2c3d-0000-9999-aaaa-fffffffffff\0" } do
      assert.is_false(core.is_guid(other))
    end
    assert.is_false(core.is_guid())
  end)

  it("has a random number from 0 to 1", function()
    for _ = 1, 1000 do
      local r = core.random()
      assert.is_true(r >= 0 and r < 1)
    end
  end)

  it("has a clock that goes forward", function()
    local a = core.now()
    assert.is_true(core.now() >= a)
  end)

  for _, c in ipairs {
    { "an unknown option", { ca_fil = "x" }, "option 'ca_fil' is unknown" },
    { "a wrong type", { proxy = 1 }, "option 'proxy' is not a string" },
    { "a zero byte in an option", { proxy = "http://a\0b" }, "'proxy' contains a zero byte" },
    { "a number for a switch", { http1 = 1 }, "option 'http1' is not a boolean" },
    { "an option without a name", { "x" }, "option names are strings" },
    { "a window of none", { window = 0 }, "option 'window' is out of range" },
  } do
    it("refuses a session with " .. c[1], function()
      local ok, message = pcall(core.session, c[2])
      assert.is_false(ok)
      assert.truthy(message:find(c[3], 1, true), message)
    end)
  end
end)
