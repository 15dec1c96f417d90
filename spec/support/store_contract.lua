-- What every store does: run(open) raises where one does not. `open` gives a store that
-- nobody else uses; `pause(seconds)` waits. It runs in a spec, and in a handler of nginx.
return function(open, pause, resolution)
  local store = open()

  local function equal(expected, got, what)
    if expected ~= got then
      error(("%s: %s, not %s"):format(what, tostring(got), tostring(expected)), 2)
    end
  end

  local function await(check, what)
    for _ = 1, 500 do
      if check() then return end
      pause(0.01)
    end
    error(what, 2)
  end

  equal(nil, store:get "a", "what is not there")
  equal(true, store:set("a", "1 2\0\255\r\n"), "set")
  equal("1 2\0\255\r\n", store:get "a", "any bytes")
  equal(true, store:set("a", ""), "set again")
  equal("", store:get "a", "nothing is a text")
  equal(false, store:add("a", "x"), "add where there is one")
  equal("", store:get "a", "it is as it was")
  equal(false, store:replace("a", "x", "y"), "replace what is not there")
  equal(true, store:replace("a", "", "y\0\r\n"), "replace what is there")
  equal("y\0\r\n", store:get "a", "replaced")
  equal(true, store:delete "a", "delete")
  equal(false, store:replace("a", "y\0\r\n", "z"), "replace nothing")
  equal(false, store:delete "a", "delete again")
  equal(nil, store:get "a", "gone")

  equal(true, store:add("lock", "one", 60), "lock")
  equal(false, store:add("lock", "two", 60), "lock of another")
  equal(false, store:delete("lock", "two"), "unlock by another")
  equal("one", store:get "lock", "still locked")
  equal(true, store:delete("lock", "one"), "unlock")
  equal(true, store:add("lock", "two", 60), "lock again")

  equal(1, store:incr "n", "count")
  equal(4, store:incr("n", 3), "count by three")
  equal("4", store:get "n", "a number as a text")
  equal(3, store:incr("n", -1), "count back")
  local _, why = store:incr("lock", 1)
  equal("string", type(why), "a lock is no number")

  local life = resolution or 0.1
  store:set("short", "x", life)
  equal("x", store:get "short", "before its end")
  await(function() return store:get "short" == nil end, "what has a time ends")
  equal(true, store:add("short", "y", 60), "its place is free")
  store:incr("window", 1, life)
  store:incr("window", 1, 60)
  await(function() return store:get "window" == nil end, "counting on does not prolong")

  local large = ("x"):rep(15000)
  equal(true, store:set("large", large), "15,000 bytes")
  equal(large, store:get "large", "the same 15,000 bytes")
  for _, bad in ipairs { "", "a\nb", 5 } do
    equal(false, (pcall(store.get, store, bad)), "a key that is none")
  end
  equal(false, (pcall(store.set, store, "k", 5)), "a value that is none")
  equal(false, (pcall(store.set, store, "k", "v", 0)), "a time that is none")
end
