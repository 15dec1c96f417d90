--- Insights kept for all workers of an nginx in a shared dictionary, for a fleet in a
-- store, or in both: the dictionary answers, and what it lacks is asked of the store.
--
-- The service computes insights once a day at most and says when it did, so a
-- page is good until the next day's may be there. After that the old one is still
-- given, at once, while a new one is fetched behind the scenes; and also while
-- the service fails. However many requests want a page that is not there, one
-- fetches it, and it does so to the end even if its client goes away. A failure is
-- remembered for some seconds, so that nobody asks again for what just failed.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.ngx.insights_cache

local check = require("partnercenter.util").check
local client = require "partnercenter.client"
local core = require "partnercenter.core"
local datetime = require("partnercenter.util").datetime
local entries = require "partnercenter.ngx.entries"
local failures = require "partnercenter.ngx.failures"
local json = require("partnercenter.util").json
local key_of = require("partnercenter.util").key
local levels = require "partnercenter.ngx.levels"
local semaphore = require "ngx.semaphore"
local stores = require "partnercenter.store"

local DAY = 86400
-- Seconds that one worker may take to fetch before another one tries.
local LOCK = 200
-- Seconds between two looks at what another worker does.
local PAUSE = 0.02

local M = {}

local methods = {}
local mt = { __name = "partnercenter.ngx.insights_cache", __index = methods }

local function positive(value)
  return type(value) == "number" and value > 0 and value < math.huge,
    "must be a positive number"
end

local KNOWN = {
  dict = "string|table", fresh = positive, longest = positive, stale = positive,
  store = function(value) return stores.is(value), "must be one of partnercenter.store" end,
  max_bytes = positive, key = check.text, time = "function", on_event = "function",
}

--- A cache. Make one for all requests, in `init_by_lua` or a module.
-- @tparam table options
-- @tparam string|table options.dict the shared dictionary, or its name; its size
--   bounds the cache: what was not used longest goes first
-- @tparam[opt] Store options.store in place of it or behind it, for all who share that
-- @tparam[opt=""] string options.key stands before all keys: for caches of one
--   dictionary that are to have nothing in common
-- @tparam[opt=300] number options.fresh seconds that a page is good for at least
-- @tparam[opt=21600] number options.longest seconds that it is good for at most
-- @tparam[opt=86400] number options.stale seconds after that during which it is
--   given while a new one is fetched
-- @tparam[opt=1048576] number options.max_bytes of one entry; larger ones are not
--   kept
-- @tparam[opt] function options.on_event gets "hit", "stale", "miss", "failure" or
--   "too_large", and the key; or "store", and why the store was not to be had
-- @tparam[opt] function options.time seconds since the epoch; for tests
-- @treturn Cache
-- @raise an option that is missing, wrong or unknown
function M.new(options)
  local o = check.options("insights_cache.new", options, KNOWN)
  local dict = type(o.dict) == "table" and o.dict or ngx.shared[o.dict or ""]
  if not dict and (o.dict or not o.store) then
    error("insights_cache.new needs the option 'dict', and it in nginx.conf: "
      .. "'lua_shared_dict NAME 32m;', or the option 'store'", 2)
  end
  local emit = o.on_event or function() end
  return setmetatable({
    kept = levels.new(dict and stores.dictionary(dict), o.store,
      function(why) emit("store", why) end),
    named = o.key ~= nil,
    prefix = "partnercenter:" .. key_of(o.key or "") .. ":",
    fresh = o.fresh or 300,
    longest = o.longest or 6 * 3600,
    stale = o.stale or DAY,
    max_bytes = o.max_bytes or 1024 * 1024,
    time = o.time or ngx.time,
    emit = emit,
    flights = {}, -- by key: what this worker is fetching
  }, mt)
end

-- As long as the others have it, too.
local function life_of(self, text)
  local _, info = entries.parse(text)
  return info and info.fresh_until + self.stale - self.time() or 0
end

local function read(self, key)
  local kept = self.kept:get(key, function(text) return life_of(self, text) end)
  if not kept then return nil end
  return entries.parse(kept)
end

-- The data of a day is there until that of the next one is.
local function keep(self, key, text, processed)
  local now = self.time()
  local good_for = processed and processed + DAY - now or 0
  good_for = math.max(self.fresh, math.min(self.longest, good_for))
  local info = {
    stored_at = now, fresh_until = now + good_for, processed_at = processed,
    etag = ngx.md5(text),
  }
  if #text > self.max_bytes then
    self.emit("too_large", key)
    return info
  end
  self.kept:set(key, entries.format(text, info), good_for + self.stale)
  return info
end

-- A failure, for all workers.
local function remember(self, key, err)
  self.emit("failure", key)
  self.kept:set(key .. ":failure", failures.encode(err))
end

-- The failure that is remembered.
local function recall(self, key)
  return failures.decode(self.kept:get(key .. ":failure", function() return failures.NEAR end))
end

-- Those who wait go on, with what it has come to.
local function drop_flight(self, key, flight)
  self.flights[key] = nil
  local waiting = -flight.done:count()
  if waiting > 0 then flight.done:post(waiting) end
end

local function run_flight(_, self, key, flight, produce)
  local ok, text, processed = pcall(produce)
  if ok and text then
    flight.text, flight.info = text, keep(self, key, text, processed)
    self.kept:delete(key .. ":failure")
  else
    flight.err = ok and processed or text or "nothing was produced"
    remember(self, key, flight.err)
  end
  self.kept:unlock(key .. ":lock", flight.owner)
  drop_flight(self, key, flight)
end

-- What this worker fetches from now on; nil when another one does already, it just
-- failed, or nginx takes no more timers.
local function start_flight(self, key, produce)
  if recall(self, key) then return nil end
  if self.flights[key] then return self.flights[key] end
  local flight = { done = semaphore.new(0), owner = core.guid() }
  -- Where that waits, another request of this worker may have come to it meanwhile.
  self.flights[key] = flight
  if not self.kept:lock(key .. ":lock", flight.owner, LOCK) then
    drop_flight(self, key, flight)
    return nil
  end
  -- Nor has another one ended between the look and the lock.
  local text, info = read(self, key)
  if text and self.time() < info.fresh_until then
    flight.text, flight.info = text, info
  else
    flight.err = recall(self, key)
  end
  if flight.text or flight.err then
    self.kept:unlock(key .. ":lock", flight.owner)
    drop_flight(self, key, flight)
    return flight
  end
  if not ngx.timer.at(0, run_flight, self, key, flight, produce) then
    self.kept:unlock(key .. ":lock", flight.owner)
    drop_flight(self, key, flight)
    return nil
  end
  return flight
end

-- Until another worker has fetched it, or given up: nil and its error then.
local function await_other(self, key)
  local stop = self.time() + LOCK
  while self.kept:is_locked(key .. ":lock") and self.time() < stop do
    ngx.sleep(PAUSE)
    local text, info = read(self, key)
    if text then return text, info end
  end
  local text, info = read(self, key)
  if text then return text, info end
  return nil, recall(self, key)
end

-- What nobody has: fetched by this worker or by another one, once for all.
local function fetch(self, key, produce)
  local err = recall(self, key)
  if err then return nil, err end
  local flight = start_flight(self, key, produce)
  if flight then
    if not flight.text and not flight.err then flight.done:wait(LOCK) end
    if flight.text then return flight.text, flight.info end
    if flight.err then return nil, flight.err end
  end
  local text, info = await_other(self, key)
  if text or info then return text, info end
  -- The other worker is gone, or nginx takes no more timers.
  text, info = produce()
  if text then return text, keep(self, key, text, info) end
  remember(self, key, info)
  return nil, info
end

--- A text, from the cache or made now.
-- @tparam string key
-- @tparam function produce gives the text and, if known, when its data was
--   processed (in seconds since the epoch), or nil and an error. It is run in a
--   timer, where it may wait
-- @treturn[1] string
-- @treturn[1] table `state` ("hit", "stale" or "miss"), `etag`, `stored_at`,
--   `fresh_until`, `processed_at` (in seconds since the epoch)
-- @treturn[2] nil
-- @return[2] the error
function methods:text(key, produce)
  key = self.prefix .. key
  local text, info = read(self, key)
  if text then
    info.state = self.time() < info.fresh_until and "hit" or "stale"
    if info.state == "stale" then start_flight(self, key, produce) end
    self.emit(info.state, key)
    return text, info
  end
  self.emit("miss", key)
  text, info = fetch(self, key, produce)
  if not text then return nil, info end
  info = { etag = info.etag, stored_at = info.stored_at, fresh_until = info.fresh_until,
    processed_at = info.processed_at, state = "miss" }
  return text, info
end

--- When the newest of some rows was processed.
-- @tparam table rows
-- @treturn ?number seconds since the epoch
function M.processed_at(rows)
  local newest, last = nil, nil
  for i = 1, #rows do
    local text = rows[i].processedDateTime
    if text and text ~= last then
      last = text
      local at = datetime.parse(text)
      if at and (not newest or at > newest) then newest = at end
    end
  end
  return newest
end

-- The key of a resource's page, and the options to decode it by.
local function page_key(self, resource, params)
  local key, is_whose, decoding = client.key(resource, params)
  if not is_whose and not self.named then
    error("insights_cache.new needs the option 'key' here: a function gives the token, so nobody "
      .. "knows for whom the pages are", 3)
  end
  return key, decoding
end

--- One page of a resource, as its `get` gives it, from the cache or fetched now.
-- It is kept for those alone who ask for the same in every respect: path,
-- parameters, headers, address, tenant, application and way to sign in. Different
-- people who sign in to the same application need caches of different `key`.
-- @tparam Resource resource
-- @tparam ?table params the documented query parameters
-- @treturn[1] table the page, the caller's own
-- @treturn[1] table as for `text`
-- @treturn[2] nil
-- @treturn[2] Error
-- @usage local page, info = cache:page(
--   partner.customers:by_id(id).analytics.licenses.deployment)
function methods:page(resource, params)
  local key, decoding = page_key(self, resource, params)
  local page, text, info
  -- What is kept and is no page is fetched anew, once.
  for _ = 1, 2 do
    text, info = self:text(key, function()
      local fetched, err = resource:get(params)
      if not fetched then return nil, err end
      return json.encode(fetched), M.processed_at(fetched.items or { fetched })
    end)
    if not text then return nil, info end
    page = core.decode(text, decoding)
    if type(page) == "table" then break end
    self.kept:delete(self.prefix .. key)
  end
  return page, info
end

return M
