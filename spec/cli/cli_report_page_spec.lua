-- The report of the command in a real browser. Screenshots and a print are left in
-- build/screenshots.
local axe = require "spec.support.axe"
local browsers = require "spec.support.browser"
local command = require "spec.support.command"
local sandbox = require "spec.support.sandbox"

local SHOTS = "build/screenshots"
local HISTORY = pcall(require, "luasql.sqlite3")

if command.skips() then return end
if not browsers.available() then
  describe("the report in a browser", function() pending("needs chromium and chromedriver") end)
  return
end

describe("the report in a browser", function()
  local box, directory, browser

  local function make(words, name)
    local code, _, err = command.run(words .. " --html " .. directory .. "/" .. name .. ".html",
      { box = box, home = directory })
    assert.equal(0, code, err)
  end

  setup(function()
    os.execute("mkdir -p " .. SHOTS)
    directory = command.directory()
    box = sandbox.start { customers = 24, products = 3 }
    box:control { processed = "2017-04-03" }
    if HISTORY then
      assert.equal(0, (command.run("snapshot", { box = box, home = directory })))
      box:control { processed = "2017-04-10" }
      assert.equal(0, (command.run("snapshot", { box = box, home = directory })))
    end
    make("deployment -a", "deployment")
    make("usage -a", "usage")
    browser = browsers.start()
  end)
  teardown(function()
    browser:stop()
    box:stop()
    command.remove(directory)
  end)

  local function open(name, options)
    browser:shape(options or {})
    browser:console()
    browser:open("file://" .. directory .. "/" .. name)
  end

  local function text_of(css)
    return browser:run(("return document.querySelector(%q).innerText"):format(css))
  end

  -- The numbers of a column of the rows that are seen.
  local function column(css, i)
    local list = {}
    for text in browser:run(([[return [...document.querySelectorAll("%s tbody tr")]
      .filter((row) => !row.hidden).map((row) =>
        row.cells[%d].textContent.replace(/[^0-9.]/g, "")).join(" ")]]):format(css, i))
      :gmatch("%S+") do
      list[#list + 1] = tonumber(text)
    end
    return list
  end

  local CUSTOMERS = "#customers + .scroll table"

  local function is_sorted(list, descending)
    return #list > 1 and browsers.is_sorted(list, descending)
  end

  it("shows the sums of the sandbox, those to act on first", function()
    local sold, left, of = 0, 0, {}
    for row in box:partner().analytics.commercial.deployment.license:each() do
      local unused = math.max(0, row.licensesSold - row.licensesDeployed)
      sold, left = sold + row.licensesSold, left + unused
      of[row.customerTenantId:lower()] = (of[row.customerTenantId:lower()] or 0) + unused
    end
    open "deployment.html"
    local function plain(text) return tonumber((text:gsub("%D", ""))) end
    assert.equal(left, plain(text_of ".act strong"))
    assert.equal(sold, plain(text_of "dl div:nth-child(3) dd"))
    browser:click "#customers + .scroll + .note button"
    local shown, expected = column(CUSTOMERS, 1), {}
    for _, unused in pairs(of) do expected[#expected + 1] = unused end
    table.sort(expected, function(a, b) return a > b end)
    assert.same(expected, shown)
    assert.equal("", browser:console())
  end)

  it("shows the first 20 of a long table, and all when asked", function()
    open "deployment.html"
    assert.equal(20, #column(CUSTOMERS, 1))
    assert.equal("The first 20 of 24 rows are shown.", text_of "#customers + .scroll + .note span")
    browser:click "#customers + .scroll + .note button"
    assert.equal(24, #column(CUSTOMERS, 1))
    assert.equal("All 24 rows are shown.", text_of "#customers + .scroll + .note span")
    browser:click "#customers + .scroll + .note button"
    assert.equal(20, #column(CUSTOMERS, 1))
  end)

  it("orders by a click: shares from the worst, counts from the most", function()
    open "deployment.html"
    assert.is_true(is_sorted(column(CUSTOMERS, 1), true))
    local function title(i) return CUSTOMERS .. " th:nth-child(" .. i .. ") button" end
    for _, c in ipairs { { 5, false }, { 3, true }, { 4, true } } do
      browser:click(title(c[1]))
      assert.is_true(is_sorted(column(CUSTOMERS, c[1] - 1), c[2]), c[1])
      assert.equal(20, #column(CUSTOMERS, 1))
      browser:click(title(c[1]))
      assert.is_true(is_sorted(column(CUSTOMERS, c[1] - 1), not c[2]), c[1])
    end
  end)

  for _, c in ipairs { { "deployment", 0 }, { "usage", 1 } } do
    it("leads from a product to its customers, and on to their rows, by keyboard: " .. c[1],
      function()
        open(c[1] .. ".html")
        local product = text_of "#products + .scroll tbody a"
        browser:run "document.querySelector('#products + .scroll tbody a').focus()"
        browser:press "\238\128\135" -- Enter
        browser:wait "return document.activeElement.id === 'who'"
        assert.equal("Customers with " .. product, text_of "#who")
        local who = "#who + .scroll table"
        assert.is_true(is_sorted(column(who, 1 + c[2]), true))
        local customer = text_of(who .. " tbody a")
        browser:run(("document.querySelector(%q).focus()"):format(who .. " tbody a"))
        browser:press "\238\128\135"
        browser:wait "return document.querySelector('details[open]')"
        assert.truthy(text_of("details[open] summary"):find(customer, 1, true))
        assert.truthy(browser:run "return document.activeElement.closest('details').open")
        assert.equal("", browser:console())
      end)
  end

  it("copies the id of a customer", function()
    open "deployment.html"
    browser:click(CUSTOMERS .. " tbody a")
    browser:wait "return document.querySelector('details[open] .id button')"
    browser:click "details[open] .id button"
    browser:wait "return document.querySelector('.id button').textContent === 'Copied'"
  end)

  if HISTORY then
    it("shows what changed since the snapshot before", function()
      open "deployment.html"
      browser:click "nav a[href='#changes']"
      assert.truthy(text_of("#changes + .scroll caption"):find("from 2017-04-03 to 2017-04-10", 1,
        true))
      assert.truthy(#column("#changes + .scroll table", 4) > 0)
    end)
  end

  for _, c in ipairs {
    { "desktop", {}, "deployment.html#p2" },
    { "phone", { width = 390, height = 844, dark = true }, "usage.html#c1" },
  } do
    it("breaks no rule for accessibility: " .. c[1], function()
      local fetched, why = axe.fetch()
      if not fetched then
        pending(why)
        return
      end
      open(c[3], c[2])
      assert.equal("", axe.check(browser))
    end)
  end

  for _, c in ipairs {
    { "desktop", {} }, { "dark", { dark = true } },
    { "phone", { width = 390, height = 844 } },
    { "phone-dark", { width = 390, height = 844, dark = true } },
  } do
    it("fits: " .. c[1], function()
      for _, page in ipairs { "deployment.html#p2", "usage.html#c1" } do
        open(page, c[2])
        browser:screenshot(("%s/report-%s-%s.png"):format(SHOTS, page:match "%a+", c[1]))
        assert.truthy(browser:run "return document.documentElement.scrollWidth <= innerWidth")
        assert.equal("", browser:console())
      end
    end)
  end

  it("prints the titles of a table on each of its pages", function()
    open "deployment.html"
    browser:click "#customers + .scroll + .note button"
    local pdf = browser:devtools("Page.printToPDF", { paperHeight = 5 })
    command.write(directory .. "/pdf", pdf.data)
    os.execute(("base64 -d %s/pdf >%s/report.pdf"):format(directory, SHOTS))
    local pipe = io.popen("pdftotext -layout " .. SHOTS .. "/report.pdf -")
    -- The tables by product and by customer, which have these titles.
    local pages, titled = 0, 0
    local text = pipe:read("*a"):gsub("Changes.*", ""):gsub("By day.*", "")
    text = text:match "By product.-\f(.*)"
    for printed in text:gmatch("[^\f]+") do
      if printed:find("%.%d %%\n") then
        pages = pages + 1
        if printed:find("Not deployed%s+Sold") then titled = titled + 1 end
      end
    end
    pipe:close()
    assert.truthy(pages > 1, pages)
    assert.equal(pages, titled)
  end)

  it("is smaller than 2 MB for 500 customers", function()
    local own = sandbox.start { customers = 500 }
    for _, words in ipairs { "deployment -a", "usage -a" } do
      local path = directory .. "/500.html"
      assert.equal(0, (command.run(words .. " --html " .. path, { box = own })))
      local size = #command.read(path)
      assert.truthy(size < 2e6, size)
    end
    own:stop()
  end)
end)
