-- The dashboard of the example gateway in a real browser, with the sandbox behind it.
-- Screenshots are left in build/screenshots.
local browsers = require "spec.support.browser"
local gateways = require "spec.support.gateway"
local sandbox = require "spec.support.sandbox"

local SHOTS = "build/screenshots"

if not gateways.available() then
  describe("examples/openresty", function() pending("needs the build for 5.1") end)
  return
end

describe("examples/openresty", function()
  local box, gateway, url

  setup(function()
    box = sandbox.start { customers = 500 }
    gateway = gateways.start(box)
    url = gateway.url
    os.execute("mkdir -p " .. SHOTS)
  end)
  teardown(function()
    gateway:stop()
    box:stop()
  end)
  -- The tokens stay: box:reset would take away those that were issued.
  after_each(function() box:control { clear_faults = true } end)

  describe("the dashboard", function()
    if not browsers.available() then
      pending("needs chromium and chromedriver")
      return
    end

    local browser

    setup(function()
      browser = browsers.start()
      browser:devtools("Network.enable", {})
    end)
    teardown(function() browser:stop() end)

    local function open(options)
      browser:shape(options or {})
    browser:devtools("Network.setExtraHTTPHeaders",
      { headers = { ["X-Forwarded-For"] = gateway:address() } })
      browser:console()
      browser:open(url .. "/")
      browser:wait("return document.querySelectorAll('#rows tr[data-id]').length > 0")
    end

    local NAMES = "return [...document.querySelectorAll('#rows tr')].slice(0, 5).map("
      .. "r => r.cells[0].textContent).join('|')"
    local COLUMN = "return [...document.querySelectorAll('#rows tr')].map(r => r.cells[%d]"
      .. ".textContent.replace(/[^0-9.]/g, '')).join(' ')"

    local function numbers(column)
      local list = {}
      for text in browser:run(COLUMN:format(column)):gmatch("%S+") do
        list[#list + 1] = tonumber(text)
      end
      return list
    end

    local function is_sorted(list, descending)
      for i = 2, #list do
        if descending and list[i] > list[i - 1] or not descending and list[i] < list[i - 1] then
          return false
        end
      end
      return #list > 10
    end

    it("shows totals, products and 500 customers", function()
      open()
      assert.equal("500", browser:run("return document.getElementById('t-customers').textContent"))
      assert.equal("500 customers",
        browser:run("return document.getElementById('count').textContent"))
      assert.equal(10, browser:run("return document.querySelectorAll('#products li').length"))
      browser:screenshot(SHOTS .. "/desktop.png")
      browser:click("#more-products")
      assert(browser:run("return document.querySelectorAll('#products li').length") > 20)
      browser:click("#more-rows")
      assert.equal(500, browser:run("return document.querySelectorAll('#rows tr').length"))
      assert.equal("", browser:console())
    end)

    it("searches", function()
      open()
      browser:keys("#search", "contoso 00")
      browser:wait("return document.getElementById('count').textContent.includes(' of ')")
      assert.truthy(browser:run("return [...document.querySelectorAll('#rows tr')].every("
        .. "r => /contoso 00/i.test(r.cells[0].textContent))"))
      browser:keys("#search", " nobody")
      browser:wait("return !document.getElementById('empty').hidden")
      browser:screenshot(SHOTS .. "/empty.png")
      assert.equal("", browser:console())
    end)

    it("sorts by every column, both ways", function()
      open()
      assert.truthy(is_sorted(numbers(1), true))
      for _, c in ipairs { { "deployed", 2 }, { "share", 3 } } do
        browser:click("button[data-sort=" .. c[1] .. "]")
        assert.truthy(is_sorted(numbers(c[2]), true), c[1])
        browser:click("button[data-sort=" .. c[1] .. "]")
        assert.truthy(is_sorted(numbers(c[2]), false), c[1])
      end
      browser:click("button[data-sort=name]")
      local first = browser:run(NAMES)
      browser:click("button[data-sort=name]")
      assert.not_equal(first, browser:run(NAMES))
      assert.equal("descending", browser:run(
        "return document.querySelector('th').getAttribute('aria-sort')"))
      assert.equal("", browser:console())
    end)

    it("shows the customers under a share", function()
      open()
      browser:run("const r = document.getElementById('below'); r.value = 30; "
        .. "r.dispatchEvent(new Event('input'))")
      browser:click("button[data-sort=share]")
      local shares = numbers(3)
      assert(#shares > 0 and shares[1] < 30)
      assert.equal("30 %", browser:run("return document.getElementById('below-text').textContent"))
    end)

    it("drills down to a customer and back, by mouse", function()
      open()
      local name = browser:run("return document.querySelector('#rows tr').cells[0].textContent")
      browser:click("#rows tr td button")
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
      assert.equal(name, browser:run("return document.getElementById('detail-title').textContent"))
      assert.truthy(browser:run("return location.hash"):find("^#customer="))
      browser:screenshot(SHOTS .. "/detail.png")
      browser:click("#close")
      browser:wait("return !document.getElementById('detail').open")
      assert.equal("", browser:run("return location.hash"))
      assert.equal("", browser:console())
    end)

    it("drills down by keyboard alone", function()
      open()
      browser:run("document.querySelector('#rows tr:nth-child(2) button').focus()")
      browser:press("\238\128\135") -- Enter
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
      assert.equal("close", browser:run("return document.activeElement.id"))
      browser:press("\238\128\140") -- Escape
      browser:wait("return !document.getElementById('detail').open")
      assert.truthy(browser:run("return document.activeElement.closest('tr') !== null"))
    end)

    it("opens the customer that the address names", function()
      browser:shape {}
      browser:open(url .. "/#customer=4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04")
      browser:wait("return document.querySelectorAll('#detail-products li').length === 3")
    end)

    it("says what is wrong when Partner Center fails, and tries again", function()
      open()
      box:control { faults = { { match = "/deployment", times = 9, status = 501 } } }
      local id = "58b905bf-1e05-455c-ae2c-05000001394c"
      browser:run("location.hash = 'customer=" .. id .. "'")
      browser:wait("return !document.getElementById('detail-problem').hidden")
      local text = browser:run("return document.getElementById('detail-problem').textContent")
      assert.truthy(text:find("did not answer as it should", 1, true), text)
      assert.truthy(text:find("Correlation id %x+%-"), text)
      browser:screenshot(SHOTS .. "/error.png")
      box:control { clear_faults = true }
      browser:click("#detail-retry")
      browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
    end)

    it("says that it loads, then what is wrong, then shows the numbers", function()
      local own = sandbox.start { customers = 120 }
      local front = gateways.start(own)
      own:control { faults = { { match = "commercial", times = 9, status = 501,
        delay = 2 } } }
      browser:shape {}
      browser:console()
      browser:open(front.url .. "/")
      assert.equal("true", browser:run("return document.getElementById('main').ariaBusy"))
      assert.equal("Loading…", browser:run("return document.getElementById('count').textContent"))
      assert.equal(8, browser:run("return document.querySelectorAll('#rows tr.ghost').length"))
      browser:screenshot(SHOTS .. "/loading.png")
      browser:wait("return !document.getElementById('problem').hidden")
      assert.equal("false", browser:run("return document.getElementById('main').ariaBusy"))
      assert.truthy(browser:run("return [...document.querySelectorAll('section')].every("
        .. "s => s.hidden)"))
      local text = browser:run("return document.getElementById('problem').textContent")
      assert.truthy(text:find("cannot be shown", 1, true), text)
      assert.truthy(text:find("did not answer as it should", 1, true), text)
      browser:screenshot(SHOTS .. "/failed.png")
      own:control { clear_faults = true }
      browser:click("#retry")
      browser:wait("return document.querySelectorAll('#rows tr[data-id]').length === 100")
      assert.truthy(browser:run("return document.getElementById('problem').hidden"))
      front:stop()
      own:stop()
    end)

    it("keeps the numbers when the gateway is gone, and says so", function()
      open()
      browser:run("window.fetch = () => Promise.reject(new TypeError('gone'))")
      browser:click("#reload")
      browser:wait("return !document.getElementById('problem').hidden")
      assert.truthy(browser:run("return document.getElementById('problem').textContent")
        :find("older", 1, true))
      assert.equal(100, browser:run("return document.querySelectorAll('#rows tr').length"))
    end)

    for _, c in ipairs {
      { "fits a phone", "phone", { width = 390, height = 844 } },
      { "fits a phone in the dark", "phone-dark", { width = 390, height = 844, dark = true } },
      { "has a dark side", "dark", { dark = true } },
    } do
      it(c[1], function()
        open(c[3])
        assert.truthy(browser:run("return document.documentElement.scrollWidth <= innerWidth"))
        assert.truthy(browser:run("const f = document.getElementById('table-frame'); "
          .. "return f.scrollWidth <= f.clientWidth"))
        local light = browser:run("const c = getComputedStyle(document.documentElement)"
          .. ".backgroundColor.match(/\\d+/g).map(Number); return c[0] + c[1] + c[2] > 384")
        assert.equal(not c[3].dark, light)
        browser:screenshot(SHOTS .. "/" .. c[2] .. ".png")
        browser:run("document.getElementById('customers').scrollIntoView()")
        browser:screenshot(SHOTS .. "/" .. c[2] .. "-customers.png")
        browser:click("#rows tr td button")
        browser:wait("return document.querySelectorAll('#detail-products li').length > 0")
        assert.truthy(browser:run("return detail.scrollWidth <= detail.clientWidth"))
        browser:screenshot(SHOTS .. "/" .. c[2] .. "-detail.png")
        assert.equal("", browser:console())
      end)
    end

    it("loads nothing from elsewhere and runs no script of the page itself", function()
      open()
      assert.truthy(browser:run("return performance.getEntriesByType('resource').every("
        .. "e => e.name.startsWith(location.origin + '/'))"))
      browser:run("const s = document.createElement('script'); s.textContent = 'window.bad = 1'; "
        .. "document.head.append(s)")
      assert.is_nil(browser:run("return window.bad || false") or nil)
      assert.truthy(browser:console():find("Content Security Policy", 1, true))
    end)
  end)
end)
