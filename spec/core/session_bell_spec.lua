-- The session's second way to wake: a byte over a unix socket.
local core = require "partnercenter.core"
local has_luv, uv = pcall(require, "luv")

-- A port of this machine where nobody listens.
local NOBODY = "http://127.0.0.1:1/"

if not has_luv then
  describe("partnercenter.core Session:listen", function() pending("needs luv") end)
  return
end

describe("partnercenter.core Session:listen", function()
  local session, pipe, bytes, ended

  before_each(function() session = assert(core.session {}) end)
  after_each(function()
    if pipe and not pipe:is_closing() then pipe:close() end
    uv.run()
    session:close()
  end)

  local function connect(path)
    pipe, bytes, ended = uv.new_pipe(false), "", false
    local connected
    pipe:connect(path, function(err) connected = err or true end)
    repeat uv.run("once") until connected
    assert.is_true(connected)
    pipe:read_start(function(err, data)
      if data then bytes = bytes .. data else ended = err or true end
    end)
  end

  local function open()
    local path, connected = assert(session:listen("/tmp"))
    assert.is_false(connected)
    connect(path)
    assert.is_true(session:accept())
  end

  local function await_bytes(n)
    repeat uv.run("once") until #bytes >= n or ended
  end

  it("leaves no file where /proc works", function()
    local path = assert(session:listen("/tmp"))
    local directory = assert(uv.fs_scandir("/tmp"))
    local name = uv.fs_scandir_next(directory)
    while name do
      assert.falsy(name:find("^partnercenter%-" .. uv.os_getpid() .. "%-"))
      name = uv.fs_scandir_next(directory)
    end
    assert.truthy(path:find("^/proc/self/fd/%d+$"))
  end)

  it("wakes over the connection while it is watched, and is silent after", function()
    open()
    session:watch()
    local transfer = assert(session:send { url = NOBODY })
    assert.is_false(session:unwatch(#bytes))
    await_bytes(1)
    session:step()
    assert.is_true(transfer:done())
    assert.is_true(session:unwatch(#bytes))
    local count = #bytes
    transfer = assert(session:send { url = NOBODY })
    repeat session:step(5) until transfer:done()
    uv.run("nowait")
    assert.equal(count, #bytes)
  end)

  it("rings at once when there is news already", function()
    open()
    local transfer = assert(session:send { url = NOBODY })
    local timer = uv.new_poll(session:pollfd())
    local readable
    timer:start("r", function() readable = true timer:stop() end)
    repeat uv.run("once") until readable
    timer:close()
    session:watch()
    await_bytes(1)
    session:step()
    assert.is_true(transfer:done())
  end)

  it("rings when the last transfer is cancelled, or dropped", function()
    open()
    session:watch()
    for _, how in ipairs { "cancel", "close" } do
      local before = #bytes
      local transfer = assert(session:send { url = "http://127.0.0.1:1/", body = "x" })
      transfer[how](transfer)
      await_bytes(before + 1)
      session:step()
    end
  end)

  it("rings when it is asked to, while watched", function()
    open()
    assert.is_false(session:ring())
    session:watch()
    assert.is_true(session:ring())
    await_bytes(1)
    assert.equal(1, #bytes)
    assert.is_false(session:unwatch(0))
    assert.is_true(session:unwatch(1))
  end)

  it("knows whether an earlier connection is still good", function()
    open()
    local _, connected = session:listen("/tmp")
    assert.is_true(connected)
    pipe:close()
    uv.run()
    local path
    path, connected = session:listen("/tmp")
    assert.is_false(connected)
    connect(path)
    assert.is_true(session:accept())
    session:watch()
    assert.is_true(session:ring())
    await_bytes(1)
  end)

  it("refuses to accept when nobody came, and to listen where it may not write", function()
    assert(session:listen("/tmp"))
    local ok, message, kind = session:accept()
    assert.is_nil(ok)
    assert.is_string(message)
    assert.equal("network", kind)
    ok, message, kind = session:listen("/dev/null")
    assert.is_nil(ok)
    assert.is_string(message)
    assert.equal("config", kind)
    assert.is_nil((session:listen(("/tmp"):rep(40))))
  end)

  it("ends the connection when it is closed", function()
    open()
    session:watch()
    session:close()
    repeat uv.run("once") until ended
    assert.is_true(ended)
    assert.has_error(function() session:watch() end)
  end)
end)
