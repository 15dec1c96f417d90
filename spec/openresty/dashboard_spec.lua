-- The dashboard of the example gateway in a real browser, with the sandbox behind it.
-- Screenshots are left in build/screenshots.
local axe = require "spec.support.axe"
local browsers = require "spec.support.browser"
local command = require "spec.support.command"
local gateways = require "spec.support.gateway"
local sandbox = require "spec.support.sandbox"

local SHOTS = "build/screenshots"
local CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
local ENTER, ESCAPE = "\238\128\135", "\238\128\140"

if not gateways.available() or not browsers.available() then
  describe("the dashboard", function()
    pending("needs the build for 5.1, chromium and chromedriver")
  end)
  return
end

describe("the dashboard", function()
  local box, gateway, browser, home

  -- Two days of a history, where this Lua can keep one.
  local function keep_history()
    local path = home .. "/history.sqlite"
    for _, day in ipairs { "2017-03-07", "2017-03-14" } do
      box:control { processed = day }
      local code, _, err = command.run("snapshot --history " .. path, { box = box, home = home,
        env = { PARTNERCENTER_TENANT = box.tenant } })
      assert(code == 0, err)
    end
    return "PARTNERCENTER_HISTORY=" .. path
  end

  setup(function()
    os.execute("mkdir -p " .. SHOTS)
    home = command.directory()
    box = sandbox.start { customers = 110 }
    gateway = gateways.start(box, nil, pcall(require, "luasql.sqlite3") and keep_history() or nil)
    browser = browsers.start()
    browser:devtools("Network.enable", {})
  end)
  teardown(function()
    browser:stop()
    gateway:stop()
    box:stop()
    command.remove(home)
  end)
  after_each(function()
    box:control { clear_faults = true }
    browser:devtools("Network.emulateNetworkConditions",
      { offline = false, latency = 0, downloadThroughput = -1, uploadThroughput = -1 })
  end)

  local ROWS = "return document.querySelectorAll('#rows tr[data-id]').length > 0"

  -- A page, as soon as what is waited for is there. Its requests are those of a client
  -- of its own, since the gateway limits each client's.
  local function open(path, options, wait, front)
    browser:shape(options or {})
    browser:devtools("Network.setExtraHTTPHeaders",
      { headers = { ["X-Forwarded-For"] = gateway:address() } })
    browser:console()
    browser:open((front or gateway).url .. (path or "/"))
    if wait ~= false then browser:wait(wait or ROWS) end
  end

  local function text_of(css)
    return browser:run(("return document.querySelector(%q).textContent"):format(css))
  end

  local function number_of(css) return tonumber((text_of(css):gsub("%D", ""))) end

  local function texts(column)
    return browser:run(([[return [...document.querySelectorAll("#rows tr")]
      .map((row) => row.cells[%d].textContent).join("|")]]):format(column))
  end

  local function numbers(column)
    local list = {}
    for text in texts(column):gmatch("[^|]+") do
      list[#list + 1] = tonumber((text:gsub("[^%d.]", "")))
    end
    return list
  end

  local function is_sorted(list, descending)
    return #list > 10 and browsers.is_sorted(list, descending)
  end

  local function find_rows(css)
    return "return document.querySelectorAll('" .. css .. "').length > 0"
  end

  local DETAIL = find_rows "#detail-rows tbody tr"

  local function sums_of(resource, whole, part)
    local sums = { whole = 0, part = 0, left = 0 }
    for row in resource:each() do
      sums.whole, sums.part = sums.whole + row[whole], sums.part + row[part]
      sums.left = sums.left + math.max(0, row[whole] - row[part])
    end
    return sums
  end

  for _, c in ipairs {
    { "deployed", "deployment", "licensesSold", "licensesDeployed" },
    { "active", "usage", "licensesQualified", "licensesActive" },
  } do
    it("shows the sums of the sandbox: " .. c[1], function()
      local sums = sums_of(box:partner().analytics.commercial[c[2]].license, c[3], c[4])
      open("/?view=" .. c[1])
      assert.same({ sums.left, sums.whole, sums.part },
        { number_of "#act", number_of "#t-whole", number_of "#t-part" })
      assert.equal(110, number_of "#t-customers")
      browser:click "#more-rows"
      local left = 0
      for _, each in ipairs(numbers(1)) do left = left + each end
      assert.equal(sums.left, left)
      browser:screenshot(SHOTS .. "/" .. c[1] .. ".png")
      assert.equal("", browser:console())
    end)
  end

  it("has what to act on first, and the worst share at the first click", function()
    open()
    assert.is_true(is_sorted(numbers(1), true))
    for _, c in ipairs { { "share", 4, false }, { "whole", 2, true }, { "part", 3, true } } do
      for _, descending in ipairs { c[3], not c[3] } do
        browser:click("button[data-sort=" .. c[1] .. "]")
        assert.is_true(is_sorted(numbers(c[2]), descending), c[1])
      end
    end
    browser:click "button[data-sort=name]"
    local first = texts(0)
    browser:click "button[data-sort=name]"
    assert.not_equal(first, texts(0))
    assert.equal("descending", browser:run(
      "return document.querySelector('th').getAttribute('aria-sort')"))
  end)

  it("keeps search, threshold, order and view in the address", function()
    open()
    browser:keys("#search", "contoso 0")
    browser:keys("#below", "60")
    browser:click "button[data-sort=share]"
    local address, shown = browser:run "return location.search", texts(0)
    assert.equal("?search=contoso+0&below=60&sort=share&order=asc", address)
    for _, share in ipairs(numbers(4)) do assert.is_true(share < 60) end
    open("/" .. address)
    assert.equal(shown, texts(0))
    assert.equal("contoso 0", browser:run "return document.getElementById('search').value")
    assert.equal("60", browser:run "return document.getElementById('below').value")
    browser:click "nav a[data-view=active]"
    browser:wait "return document.getElementById('act-text').textContent.includes('in use')"
    assert.truthy(browser:run "return location.search":find("view=active", 1, true))
    browser:keys("#search", " nobody")
    browser:wait "return !document.getElementById('empty').hidden"
    browser:screenshot(SHOTS .. "/empty.png")
    assert.equal("", browser:console())
  end)

  it("leads from a product to its customers, on to their products, and back, by keyboard",
    function()
      open()
      local product = text_of "#products a"
      browser:run "document.querySelector('#products a').focus()"
      browser:press(ENTER)
      browser:wait(DETAIL)
      assert.equal(product, text_of "#detail-title")
      assert.equal("close", browser:run "return document.activeElement.id")
      local customer = text_of "#detail-rows tbody a"
      browser:run "document.querySelector('#detail-rows tbody a').focus()"
      browser:press(ENTER)
      browser:wait(("return document.getElementById('detail-title').textContent === %q"):format(
        customer))
      browser:wait(find_rows "#detail-more tbody tr")
      assert.truthy(text_of "#detail-rows":find(product, 1, true))
      browser:press(ESCAPE)
      browser:wait "return !document.getElementById('detail').open"
      assert.equal("", browser:run "return location.hash")
      assert.equal("", browser:console())
    end)

  it("opens the customer that the address names: domain, id to copy, all that is known",
    function()
      open("/#customer=" .. CUSTOMER, {}, find_rows "#detail-more tbody tr")
      assert.truthy(text_of "#detail-id":find("%.onmicrosoft%.com · " .. CUSTOMER:sub(1, 8)))
      local sold, left = 0, 0
      local resource = box:partner().customers:by_id(CUSTOMER).analytics.licenses.deployment
      for row in resource:each() do
        sold, left = sold + row.licensesSold, left + row.licensesSold - row.licensesDeployed
      end
      assert.truthy(text_of "#detail-facts":find(left .. " not deployed", 1, true))
      assert.truthy(text_of "#detail-facts":find("of " .. sold .. " licences", 1, true))
      local known = box:partner():licences(CUSTOMER, { provisioning = true })
      local expected = {}
      for i, row in ipairs(known.items) do
        expected[i] = ("%s %s %s %s"):format(row.sold or "–", row.total or "–",
          row.assigned or "–", row.unassigned or "–")
      end
      assert.equal(table.concat(expected, "\n"), browser:run [[
        return [...document.querySelectorAll("#detail-more tbody tr")].map((row) =>
          [1, 2, 3, 4].map((i) => row.cells[i].textContent).join(" ")).join("\n")]])
      browser:devtools("Browser.grantPermissions",
        { permissions = { "clipboardReadWrite", "clipboardSanitizedWrite" } })
      browser:click "#detail-id button"
      browser:wait "return document.querySelector('#detail-id button').textContent === 'Copied'"
      browser:screenshot(SHOTS .. "/detail.png")
      browser:click "#close"
      assert.equal("", browser:run "return location.hash")
    end)

  it("shows what ends or renews, by day", function()
    open("/?view=renewing", {}, find_rows "#list-rows tbody tr")
    local count, licences = 0, 0
    for row in box:partner().analytics.subscriptions:each() do
      local day = (row.commitmentEndDate or ""):sub(1, 10)
      if row.status == "ACTIVE" and day >= "2017-03-14" and day <= "2017-06-12" then
        count, licences = count + 1, licences + row.licenseCount
      end
    end
    local text = text_of "#list-text":gsub(",", "")
    assert.equal(("%d subscriptions with %d licences end or renew from 2017-03-14 to 2017-06-12.")
      :format(count, licences), text)
    assert.equal(count,
      browser:run "return document.querySelectorAll('#list-rows tbody tr').length")
    browser:screenshot(SHOTS .. "/renewing.png")
  end)

  it("shows what changed, where there is a history", function()
    open()
    if not pcall(require, "luasql.sqlite3") then
      assert.is_true(browser:run "return document.querySelector('nav li:last-child').hidden")
      return
    end
    browser:wait "return !document.querySelector('nav li:last-child').hidden"
    browser:click "nav a[data-view=changes]"
    browser:wait(find_rows "#list-rows tbody tr")
    assert.truthy(text_of "#list-text":find("changes from 2017-03-07 to 2017-03-14", 1, true))
  end)

  it("gives the customers that are shown as CSV, which no spreadsheet runs", function()
    open "/?search=contoso"
    browser:run [[URL.createObjectURL = (blob) => { window.made = blob; return "#"; };]]
    browser:click "#csv"
    browser:run "window.made.text().then((text) => { window.text = text; })"
    local text = browser:wait "return window.text"
    local count = browser:run "return document.querySelectorAll('#rows tr').length"
    assert.equal(count + 1, select(2, text:gsub("\r\n", "")))
    assert.truthy(text:find("id,customer,Not deployed,Sold,Deployed,share\r\n", 1, true), text)
    browser:run [=[import("./csv.js").then((csv) => { window.cells =
      csv.csv(["a"], [["=1+1"], ["-2"], [-2], ['a"b,c'], ["@x"]]); })]=]
    assert.truthy(browser:wait "return window.cells"
      :find("a\r\n'=1+1\r\n'-2\r\n-2\r\n\"a\"\"b,c\"\r\n'@x\r\n", 1, true))
  end)

  it("says what Partner Center does not give", function()
    open()
    box:control { faults = { { match = "licenses/deployment", times = 9, status = 501 } } }
    local id = browser:run "return document.querySelectorAll('#rows tr')[3].dataset.id"
    browser:run("location.hash = 'customer=" .. id .. "'")
    browser:wait "return !document.getElementById('detail-problem').hidden"
    local text = text_of "#detail-problem"
    assert.truthy(text:find("did not answer as it should", 1, true), text)
    assert.truthy(text:find("Correlation id %x+%-"), text)
    browser:screenshot(SHOTS .. "/error.png")
  end)

  it("tries again, and keeps older numbers while the gateway cannot be reached", function()
    open()
    local id = browser:run "return document.querySelectorAll('#rows tr')[7].dataset.id"
    local offline = { offline = true, latency = 0, downloadThroughput = -1, uploadThroughput = -1 }
    browser:devtools("Network.emulateNetworkConditions", offline)
    browser:click "#reload"
    browser:wait "return !document.getElementById('problem').hidden"
    assert.truthy(text_of "#problem":find("older", 1, true))
    browser:run("location.hash = 'customer=" .. id .. "'")
    browser:wait "return !document.getElementById('detail-problem').hidden"
    offline.offline = false
    browser:devtools("Network.emulateNetworkConditions", offline)
    browser:click "#detail-retry"
    browser:wait(DETAIL)
    assert.is_true(browser:run "return document.getElementById('detail-problem').hidden")
    browser:click "#close"
    browser:click "#retry"
    browser:wait "return document.getElementById('problem').hidden"
  end)

  it("says that it loads, and without numbers that there are none", function()
    local own = sandbox.start { customers = 3 }
    local front = gateways.start(own)
    own:control { faults = { { match = "commercial", times = 9, status = 501, delay = 1.5 } } }
    open("/", {}, find_rows "#rows tr.ghost", front)
    assert.equal("true", browser:run "return document.getElementById('main').ariaBusy")
    assert.equal("Loading…", text_of "#count")
    browser:wait "return !document.getElementById('problem').hidden"
    assert.equal("false", browser:run "return document.getElementById('main').ariaBusy")
    assert.is_true(browser:run
      "return [...document.querySelectorAll('main section')].every((each) => each.hidden)")
    assert.truthy(text_of "#problem":find("cannot be shown", 1, true))
    browser:screenshot(SHOTS .. "/failed.png")
    front:stop()
    own:stop()
  end)

  for _, c in ipairs {
    { "desktop", {} }, { "dark", { dark = true } },
    { "phone", { width = 390, height = 844 } },
    { "phone-dark", { width = 390, height = 844, dark = true } },
  } do
    it("fits: " .. c[1], function()
      open("/", c[2])
      assert.is_true(browser:run "return document.documentElement.scrollWidth <= innerWidth")
      assert.is_true(browser:run
        "const f = document.getElementById('table-frame'); return f.scrollWidth <= f.clientWidth")
      local light = browser:run [[const c = getComputedStyle(document.documentElement)
        .backgroundColor.match(/\d+/g).map(Number); return c[0] + c[1] + c[2] > 384]]
      assert.equal(not c[2].dark, light)
      browser:screenshot(SHOTS .. "/" .. c[1] .. ".png")
      browser:run("location.hash = 'customer=" .. CUSTOMER .. "'")
      browser:wait(DETAIL)
      assert.is_true(browser:run "return detail.scrollWidth <= detail.clientWidth")
      browser:screenshot(SHOTS .. "/" .. c[1] .. "-detail.png")
      assert.equal("", browser:console())
    end)
  end

  for _, c in ipairs {
    { "the sums", "/?search=contoso", {}, ROWS },
    { "a customer, in the dark, on a phone", "/?search=contoso#customer=" .. CUSTOMER,
      { width = 390, height = 844, dark = true }, find_rows "#detail-more tbody tr" },
    { "what renews", "/?view=renewing", {}, find_rows "#list-rows tbody tr" },
  } do
    it("breaks no rule for accessibility: " .. c[1], function()
      local fetched, why = axe.fetch()
      if not fetched then
        pending(why)
        return
      end
      open(c[2], c[3], c[4])
      assert.equal("", axe.check(browser))
    end)
  end

  it("loads nothing from elsewhere and runs no script of the page itself", function()
    open()
    assert.is_true(browser:run [[return performance.getEntriesByType("resource").every(
      (each) => each.name.startsWith(location.origin + "/"))]])
    browser:run [[const s = document.createElement("script"); s.textContent = "window.bad = 1";
      document.head.append(s)]]
    assert.is_false(browser:run "return window.bad || false")
    assert.truthy(browser:console():find("Content Security Policy", 1, true))
  end)
end)
