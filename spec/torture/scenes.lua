-- What is done while allocations fail: name -> { domains, setup(server) -> state,
-- run(state) }. `run` works on the same state again and again, gives true when
-- everything went well, nil and an error when it failed as it may; it raises
-- nothing but "not enough memory" and errors of the library.
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"

local ROW = '{"customerName":"Contoso \\u00e9","productName":"P%d","licensesDeployed":%d,'
  .. '"licensesSold":12.5,"attributes":{"objectType":"x","list":[1,2,3,null]}}'

local function text_of(rows)
  local list = {}
  for i = 1, rows do list[i] = ROW:format(i, i) end
  return '{"totalCount":' .. rows .. ',"items":[' .. table.concat(list, ",") .. "]}"
end

local TEXT = text_of(20)

-- Seconds until a transfer must have ended: only a bug takes them all, but a
-- handshake on a busy machine may take more than the library's own ten.
local PATIENCE = 60

local function step_until_done(session, transfer)
  local deadline = core.now() + PATIENCE
  while not transfer:done() do
    assert(core.now() < deadline, "the transfer hangs")
    session:step(0.1)
    while session:ready() do end -- luacheck: ignore
  end
end

-- The same steps as the client's, with the transfer closed by the collector
-- where memory is short.
local function read_all(session, transfer)
  step_until_done(session, transfer)
  local kind, message = transfer:failure()
  if kind then return nil, message end
  local ok, value = transfer:value()
  if not ok then return nil, value end
  assert(#value.items == 1 and transfer:status() == 200)
  assert(transfer:header "content-type" and transfer:timings().total and tostring(transfer))
  transfer:close()
  return true
end

local scenes = {}

scenes.decode = {
  domains = { "lua", "core" },
  run = function()
    local value, message = core.decode(TEXT)
    if value == nil then return nil, message end
    assert(#value.items == 20 and value.items[20].productName == "P20")
    return true
  end,
}

scenes.decoder = {
  domains = { "lua", "core" },
  run = function()
    local decoder, rows = core.decoder { rows = true, nulls = true }, 0
    for i = 1, #TEXT, 37 do
      local ok, message = decoder:feed(TEXT:sub(i, i + 36))
      if not ok then return nil, message end
      while true do
        local more, row = decoder:next()
        if more == nil and row then return nil, row end
        if not more then break end
        rows = rows + 1
      end
    end
    local document, message = decoder:finish()
    if document == nil then return nil, message end
    assert(rows == 20 and document.totalCount == 20)
    return true
  end,
}

scenes.session = {
  domains = { "lua", "core", "curl", "system" },
  setup = function(server) return server end,
  run = function(server)
    local session, message = core.session { ca_file = server.ca_file, no_proxy = "*" }
    if not session then return nil, message end
    local transfer
    transfer, message = session:send {
      url = server:url "well" .. "/x", headers = { { "Authorization", "Bearer x" }, { "A", "b" } },
      connect_timeout = PATIENCE,
    }
    if not transfer then
      session:close()
      return nil, message
    end
    local ok, why = read_all(session, transfer)
    session:close()
    return ok, why
  end,
}

-- One session for all: what failed once must not spoil it.
scenes.transfer = {
  domains = { "lua", "core", "curl", "system" },
  setup = function(server)
    return { server = server, session = assert(core.session { ca_file = server.ca_file }) }
  end,
  finish = function(state) state.session:close() end,
  run = function(state)
    local transfer, message = state.session:send {
      url = state.server:url "well" .. "/x", body = "a=b", headers = { { "A", "b" } },
      connect_timeout = PATIENCE,
    }
    if not transfer then return nil, message end
    return read_all(state.session, transfer)
  end,
}

scenes.bell = {
  domains = { "lua", "core", "system" },
  run = function()
    local session, message = core.session()
    if not session then return nil, message end
    local path
    path, message = session:listen "build"
    session:close()
    return path and true, message
  end,
}

scenes.file = {
  domains = { "lua", "core", "system" },
  setup = function(server) return server.dir .. "/secret" end,
  run = function(path)
    local lock, message = core.file_lock(path .. ".lock")
    if not lock then return nil, message or "locked" end
    local ok, why = core.file_write(path, "token")
    if ok then ok, why = core.file_append(path, "s") end
    if ok then ok, why = core.file_read(path) end
    lock:close()
    if not ok then return nil, why end
    local output
    output, why = core.output_open(path)
    if not output then return nil, why end
    local done
    done, why = output:write "rows"
    if done then done, why = output:finish(path) end
    if not done then return nil, why end
    assert(core.file_kind(path) == "file")
    local names
    names, why = core.file_names((path:match("^(.*)/")))
    if not names then return nil, why end
    local found = false
    for _, name in ipairs(names) do found = found or name == "secret" end
    assert(found, "a directory that could not be read to its end looks whole")
    -- So many use up the random bytes that the core keeps.
    for _ = 1, 16 do assert(#core.guid() == 36) end
    assert(ok == "tokens")
    return true
  end,
}

local function new_client(server, name, credentials)
  local url = server:url(name)
  return partnercenter.new {
    base_url = url, authority = url, ca_file = server.ca_file, retries = 1,
    timeout = PATIENCE, connect_timeout = PATIENCE,
    random = function() return 0 end,
    credentials = credentials or partnercenter.credentials.token "t0ken",
  }
end

scenes.client = {
  domains = { "lua", "core", "curl", "system" },
  setup = function(server) return server end,
  run = function(server)
    local client, err = new_client(server, "well")
    if not client then return nil, err end
    local page
    page, err = client.customers:by_id(core.guid()).analytics.licenses.deployment:get()
    client:close()
    if not page then return nil, err end
    assert(#page.items == 1)
    return true
  end,
}

-- One client for all, signing in: what failed once must not spoil it.
scenes.sign_in = {
  domains = { "lua", "core", "curl" },
  setup = function(server)
    return assert(new_client(server, "token-well", partnercenter.credentials.refresh_token {
      tenant = "contoso.onmicrosoft.com", client_id = core.guid(), refresh_token = "r3fresh",
    }))
  end,
  finish = function(client) client:close() end,
  run = function(client)
    local rows = 0
    for _ in client.customers:by_id(core.guid()).analytics.licenses.deployment:each() do
      rows = rows + 1
    end
    assert(rows == 1)
    return true
  end,
}

scenes.tables = {
  domains = { "lua" },
  setup = function() return core.decode(TEXT).items end,
  run = function(rows)
    local f, insights = partnercenter.filter, partnercenter.insights
    local filter = f.all { f.eq("customerName", "O'Neil"),
      f.any { f.gt("licensesSold", 1), f.ne("channel", "c") } }
    assert(#tostring(filter) > 20 and filter { customerName = "x" } == false)
    insights.sort(rows, "licensesSold", "desc")
    assert(#insights.summarize(rows, { "productName" }) == 20)
    assert(#insights.below(rows, 0.5) > 0)
    assert(partnercenter.datetime "2017-03-14T03:25:16.36+00:00")
    return true
  end,
}

return scenes
