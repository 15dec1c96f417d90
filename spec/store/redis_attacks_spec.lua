-- A Redis that is broken, hostile, somebody else's or not what it was: what a store gives
-- is what was kept under its key, or nil and why; never the answer to another command.
local nginx = require "spec.support.nginx"
local played = require "spec.support.played_redis"
local redis = require "spec.support.redis"

local store = require "partnercenter.store"

-- The same in a script and in nginx: run(options, code) gives what the code returns, two
-- texts; there `open()` gives a store with these options.
local places = {}

function places.script(options, code)
  local load_text = loadstring or load -- luacheck: ignore 113
  local a, b = assert(load_text("local open, sleep = ... " .. code))(function()
    return store.redis(options)
  end, function(seconds) os.execute("sleep " .. seconds) end)
  return tostring(a), tostring(b)
end

if io.open "build/5.1/partnercenter.so" then
  function places.nginx(options, code)
    local web = nginx.start {
      http = options.ca_file and "lua_ssl_trusted_certificate " .. options.ca_file .. ";" or "",
      locations = { ["= /x"] = ([[
        local sleep = ngx.sleep
        local function open()
          return require("partnercenter.store").redis { url = "%s", timeout = %s }
        end
        local function run() %s end
        local a, b = run()
        ngx.print(tostring(a), "|", tostring(b))]]):format(options.url, options.timeout, code) } }
    finally(function() web:stop() end)
    local body = web:get "/x"
    local a, b = body:match "^(.*)|(.*)$"
    assert(a, body .. web:errors())
    return a, b
  end
end

-- What a server may send that is no answer to GET.
local NO_ANSWERS = [[{
  status = "+OK\r\n", number = ":5\r\n", list = "*1\r\n$1\r\na\r\n",
  list_with_an_error = "*2\r\n-ERR x\r\n$1\r\na\r\n", empty = "\r\n",
  http = "HTTP/1.1 400 Bad Request\r\n\r\n", no_size = "$x\r\nabc\r\n",
  negative = "$-2\r\n", beyond_everything = "$99999999999999999999\r\n",
  more_than_asked_for = "$1\r\na\r\n$1\r\nb\r\n", no_end = "$1\r\nabc\r\n",
  endless_line = "$" .. ("1"):rep(99999), lists_in_lists = ("*1\r\n"):rep(5000),
  zeros = "\0\0\0\0\r\n", half = { "$10\r\nabc", false }, nothing = { false },
}]]

for where, run in pairs(places) do
  describe("a store in " .. where, function()
    local server

    after_each(function()
      if server then server:stop() end
      server = nil
    end)

    it("believes nothing that is no answer, and asks on another connection", function()
      server = played.start(([[function(words)
        local bad = (%s)[words[2]:match "^partnercenter:(.*)"]
        if type(bad) == "table" then return bad end
        return { bad or "$4\r\ngood\r\n" }
      end]]):format(NO_ANSWERS))
      local seen, count = run({ url = server.url, timeout = 3 }, ([[
        local seen, stores, count = {}, {}, 0
        for name in pairs(%s) do
          local ours = open()
          local value, why = ours:get(name)
          if value ~= nil or type(why) ~= "string" then seen[#seen + 1] = "believed " .. name end
          stores[name], count = ours, count + 1
        end
        sleep(1.1) -- for so long a lost server is left alone
        for name, ours in pairs(stores) do
          local value, why = ours:get "good"
          if value ~= "good" then seen[#seen + 1] = name .. " " .. tostring(why) end
        end
        return table.concat(seen, " "), count]]):format(NO_ANSWERS))
      assert.equal("", seen, server:errors())
      assert.equal("16", count)
    end)

    it("never takes a late answer for that to another command", function()
      server = played.start [[function(words)
        if words[2]:find "slow" then return { 0.6, "$4\r\nslow\r\n" } end
        return { "$4\r\ngood\r\n" }
      end]]
      local seen = run({ url = server.url, timeout = 0.3 }, [[
        local seen, ours = {}, open()
        for i = 1, 2 do
          seen[#seen + 1] = tostring((ours:get "slow"))
          sleep(1.1)
          for _ = 1, 5 do
            -- On a busy machine a good one may come too late, too.
            seen[#seen + 1] = tostring(ours:get "k" or "good")
          end
        end
        return table.concat(seen, " ")]])
      assert.equal(("nil good good good good good "):rep(2), seen .. " ")
    end)

    it("waits no longer than its time-out for one that sends byte after byte", function()
      server = played.start [[function()
        local acts = { "$200\r\n" }
        for i = 1, 200 do acts[#acts + 1], acts[#acts + 2] = "x", 0.1 end
        return acts
      end]]
      local value, soon = run({ url = server.url, timeout = 0.5 }, [[
        local now = require("partnercenter.core").now
        local began = now()
        local value = open():get "k"
        return tostring(value), tostring(now() - began < 12)]])
      assert.equal("nil", value)
      assert.equal("true", soon)
    end)

    it("shows nothing of what a server quotes", function()
      server = redis.start { extra = "--rename-command EVAL ''" }
      local why = run({ url = server.url, timeout = 5 },
        [[return select(2, open():replace("k", "T0ken-old", "T0ken-new"))]])
      assert.matches("unknown command", why)
      assert.is_nil(why:find("T0ken", 1, true))
    end)

    it("finds the server anew where that has become a replica of another one", function()
      server = played.start [[function(words, number, connection)
        if connection == 1 then
          return { "-READONLY You can't write against a read only replica.\r\n" }
        end
        return { "+OK\r\n" }
      end]]
      local why, again = run({ url = server.url, timeout = 5 }, [[
        local ours = open()
        local _, why = ours:set("k", "v")
        return why, tostring(ours:set("k", "v"))]])
      assert.matches("READONLY", why)
      assert.equal("true", again)
    end)

    it("says why in the server's words, of every command", function()
      server = played.start [[function(words)
        return { ("-%s because\r\n"):format(table.concat(words, " "):match "partnercenter:(%u+)") }
      end]]
      local wrong, count = run({ url = server.url, timeout = 5 }, [[
        local wrong, count = {}, 0
        for word in ("MOVED LOADING BUSY NOPERM MASTERDOWN NOAUTH WRONGTYPE CLUSTERDOWN "
          .. "MISCONF OOM"):gmatch "%u+" do
          local ours = open()
          for method, arguments in pairs { get = {}, set = { "v" }, add = { "v" },
            replace = { "v", "w" }, delete = {}, incr = {} } do
            local value, why = ours[method](ours, word, arguments[1], arguments[2])
            count = count + 1
            if value ~= nil or not why:find(word .. " because", 1, true) then
              wrong[#wrong + 1] = method .. ": " .. tostring(why)
            end
          end
        end
        return table.concat(wrong, "\n"), count]])
      assert.equal("", wrong, server:errors())
      assert.equal("60", count)
    end)

    it("is reached by an address of IPv6", function()
      server = redis.start { bind = "127.0.0.1 ::1" }
      local url = server.url:gsub("127%.0%.0%.1", "[::1]")
      local value, same = run({ url = url, timeout = 5 }, [[
        local ours = open()
        ours:set("k", "six")
        ours:set("large", ("x"):rep(300000))
        return ours:get "k", ours:get "large" == ("x"):rep(300000)]])
      assert.equal("six", value)
      assert.equal("true", same)
    end)

    for _, c in ipairs {
      { "that has expired", true, "DNS:127.0.0.1,IP:127.0.0.1" },
      { "of another host", false, "DNS:redis.example,IP:127.0.0.9" },
      { "that another authority has signed", false, "DNS:127.0.0.1", true },
    } do
      it("sends nothing to one with a certificate " .. c[1], function()
        server = redis.start { tls = true, expired = c[2], names = c[3] }
        local other
        if c[4] then
          other = redis.start { tls = true }
          finally(function() other:stop() end)
        end
        local value, why = run({ url = server.url, timeout = 5,
          ca_file = (other or server).ca_file }, [[return open():set("k", "v")]])
        assert.equal("nil", value)
        assert.matches("certificate", why)
        assert.equal("0", server:cli "DBSIZE")
      end)
    end
  end)
end
