-- The report of the command: one page that needs nothing else. What a browser
-- makes of it was looked at; this holds what it is made of.
local command = require "spec.support.command"
local page = require "partnercenter.cli.formats.report.page"
local report = require "partnercenter.cli.formats.report"
local sandbox = require "spec.support.sandbox"

local function count(text, pattern)
  local _, n = text:gsub(pattern, "")
  return n
end

if command.skips() then return end

describe("the command's report", function()
  local box, directory, path

  setup(function()
    box = sandbox.start { customers = 3, products = 3 }
    directory = command.directory()
    path = directory .. "/report.html"
  end)
  teardown(function()
    box:stop()
    command.remove(directory)
  end)
  before_each(function() box:restore() end)

  local function make(words)
    os.remove(path)
    local code, out, err = command.run(words .. " --html " .. path, { box = box })
    return command.read(path), code, out, err
  end

  -- What differs from run to run, and what is not the report's but the pages'.
  local function settled(text)
    return (text:gsub("127%.0%.0%.1:%d+", "127.0.0.1:1"):gsub(
      "on [%d-]+ [%d:]+ UTC by partnercenter [%d.]+", "on DATE by partnercenter X")
      :gsub("(<style>\n).-(</style>)", "%1%2"):gsub("(<script>\n).-(</script>)", "%1%2")
      :gsub("sha256%-[%w+/]+=", "sha256-X"))
  end

  for _, c in ipairs {
    { "deployment.html", "deployment -a" },
    { "deployment-below.html", "deployment -a --below 10 --filter 'channel eq reseller'" },
    { "usage.html", "usage -a" },
  } do
    it("is " .. c[1], function()
      local text, code, out = make(c[2])
      assert.same({ 0, "" }, { code, out })
      assert.equal(command.golden(c[1], settled(text)))
    end)
  end

  it("shows of licences what is assigned, deployed, active and renewing, as the rows have it",
    function()
      local text = make "licences -a --provisioning"
      local unassigned, day = 0, nil
      for row in box:partner().customers:each() do
        local found = assert(box:partner():licences(row.id, { provisioning = true }))
        for _, each in ipairs(found.items) do
          unassigned = unassigned + (each.unassigned or 0)
          if each.renews_on and (not day or each.renews_on < day) then day = each.renews_on end
        end
      end
      assert.equal(unassigned, tonumber((text:match("<strong>([%d,]+)</strong>"):gsub(",", ""))))
      for _, id in ipairs { "products", "customers", "products-deployed", "customers-active" } do
        assert.equal(1, count(text, '<h2 id="' .. id:gsub("%-", "%%-") .. '">'), id)
      end
      local renewing = text:match '<h2 id="renewing">.-</table>'
      assert.equal(day, renewing:match '<tr><th scope="row">.-(%d%d%d%d%-%d%d%-%d%d)')
    end)

  it("is the same from both sources", function()
    assert.equal(settled((make "deployment -a")),
      settled((make "deployment -a --source commercial")))
  end)

  it("asks nothing of any network", function()
    local text = make "deployment -a"
    assert.truthy(text:find([[default-src 'none']], 1, true))
    assert.equal(1, count(text, "<script"))
    for _, word in ipairs { " src=", "url%(", "@import", "<link rel=\"style", "href=\"http" } do
      assert.equal(0, count(text, word), word)
    end
  end)

  it("is made for those who listen, too", function()
    local text = make "usage -a"
    assert.truthy(text:find('<html lang="en">', 1, true))
    text = text:gsub("<script>.-</script>", "")
    for _, tag in ipairs { "header", "main", "footer", "h1", "title" } do
      assert.equal(1, count(text, "<" .. tag .. "[ >]"), tag)
    end
    -- By product and by customer; three customers are to be opened.
    local tables = count(text, '<table class="order')
    assert.equal(2, tables)
    assert.equal(tables, count(text, "<caption>"))
    assert.equal(3, count(text, '<table class="rows w">'))
    assert.equal(2, count(text, '<th[^>]*aria%-sort="descending"'))
    assert.equal(count(text, 'class="bar '), count(text, 'class="bar %a*" aria%-hidden="true"'))
    for id in text:gmatch('aria%-labelledby="([^"]+)"') do
      assert.truthy(text:find('id="' .. id .. '"', 1, true), id)
    end
  end)

  it("closes every element", function()
    local text = make("deployment -a"):gsub("<style>.-</style>", ""):gsub("<script>.-</script>", "")
    local open = {}
    local void = { meta = true, link = true, br = true }
    -- What HTML lets be left out is, in the many rows.
    text = text:gsub('<table class="rows.-</table>', "")
    for slash, name in text:gmatch("<(/?)(%a%w*)[^>]*>") do
      if slash == "/" then
        assert.equal(table.remove(open), name)
      elseif not void[name] then
        open[#open + 1] = name
      end
    end
    assert.same({}, open)
  end)

  it("prints rows beside it when asked", function()
    local _, _, out = make "deployment -a -f csv"
    assert.equal(1 + 9, count(out, "\n"))
  end)

  it("names what is missing", function()
    box:control { faults = { { match = "1c1e3dd0", times = 9, error = "no_relationship" } } }
    local text, code = make "deployment -a --source customer"
    assert.equal(1, code)
    assert.truthy(text:find("Without 1 customer, whose calls failed", 1, true))
    assert.truthy(text:find("<li>customer Contoso 001 (1c1e3dd0", 1, true))
  end)

  -- A page from rows that no sandbox has.
  local function page_of(rows, command_name)
    local task = { answered = 1, customers = 1, failures = { count = 0 }, given = {},
      own = { base_url = "https://x" }, status = { note = function() end } }
    local out = report.new({ html = path }, command_name or "deployment")
    for _, row in ipairs(rows) do out.row(row) end
    out.finish(true, {}, task)
    return command.read(path)
  end

  it("lets nothing from outside be more than text", function()
    local text = page_of { { customerId = "1", customerName = "<script>alert(1)</script>\27[31m",
      productName = "\"'><img src=x>", licensesSold = 1, licensesDeployed = 1, deployedShare = 1 } }
    assert.equal(1, count(text, "<script>"))
    assert.equal(0, count(text, "<img"))
    assert.equal(0, count(text, "\27"))
  end)

  it("keeps writing directions apart", function()
    local text = page_of { { customerId = "1", customerName = "شركة كونتوسو", productName = "X",
      licensesSold = 10, licensesDeployed = 5, deployedShare = 0.5 } }
    assert.truthy(text:find("<bdi>شركة كونتوسو</bdi>", 1, true))
  end)

  it("knows what to do with nothing, with missing counts and with too much", function()
    local text = page_of {}
    assert.truthy(text:find("<dt>Sold</dt><dd>0</dd>", 1, true))
    assert.truthy(text:find("<dt>Share</dt><dd>–</dd>", 1, true))
    text = page_of { { customerId = "1" }, { customerId = "1", licensesSold = 2,
      licensesDeployed = 3, deployedShare = 1.5, customerName = "A", productName = "P" } }
    assert.truthy(text:find("150.0 %%"))
    assert.truthy(text:find("width:100.00%", 1, true))
    assert.equal(0, count(text, "nil") + count(text, "nan"))
  end)

  it("leaves out no row, however many there are", function()
    local rows = {}
    for i = 1, 20001 do
      rows[i] = { customerId = tostring(i % 7), customerName = "A", productName = "P" .. i % 4000,
        licensesSold = 1, licensesDeployed = 1, deployedShare = 1 }
    end
    local text = page_of(rows)
    assert.equal(7, count(text, "<details>"))
    assert.equal(20001, count(text:match '<h2 id="rows">.*', "\n<tr><t"))
    assert.equal(4000, count(text, '<tr id="p%d+">'))
  end)

  it("names the number to act on, to which nothing is added by those who have too many", function()
    local text = page_of {
      { customerId = "1", productName = "P", licensesSold = 10, licensesDeployed = 4 },
      { customerId = "2", productName = "P", licensesSold = 10, licensesDeployed = 15 },
    }
    assert.truthy(text:find("<strong>6</strong> sold and not deployed", 1, true))
    assert.truthy(text:find('P</a><span class="bar high"', 1, true))
  end)

  it("takes what is no name for text, and text for a count", function()
    local text = page_of { { customerId = "1", customerName = 5, productName = { "a" },
      licensesSold = "10", licensesDeployed = "x", deployedShare = "half" } }
    assert.truthy(text:find("<tr><th><a href=#p1>[&quot;a&quot;]</a><td>–<td>10<td>–<td>–", 1,
      true), text:match("<details>.*"))
    assert.truthy(text:find("<summary>5 <span>", 1, true))
  end)

  it("lets run no script but its own", function()
    local text = make "deployment -a"
    local script = text:match("<script>(.-)</script>")
    command.write(directory .. "/script", script)
    local pipe = io.popen("openssl dgst -sha256 -binary " .. directory .. "/script | base64")
    local hash = pipe:read("*l")
    pipe:close()
    assert.truthy(text:find("script-src 'sha256-" .. hash .. "'", 1, true))
    assert.equal(1, count(text, "unsafe%-inline"))
  end)

  it("has enough contrast, by the numbers", function()
    local function luminance(hex)
      if #hex == 3 then hex = hex:gsub(".", "%0%0") end
      local sum = 0
      for i, weight in ipairs { 0.2126, 0.7152, 0.0722 } do
        local c = tonumber(hex:sub(2 * i - 1, 2 * i), 16) / 255
        sum = sum + weight * (c <= 0.03928 and c / 12.92 or ((c + 0.055) / 1.055) ^ 2.4)
      end
      return sum
    end
    local function contrast(a, b)
      a, b = luminance(a), luminance(b)
      if a < b then a, b = b, a end
      return (a + 0.05) / (b + 0.05)
    end
    local schemes = 0
    for scheme in page.style:gmatch(":root{([^}]*%-%-paper[^}]*)}") do
      local colour = {}
      for name, hex in scheme:gmatch("%-%-(%w+):#(%x+)") do colour[name] = hex end
      schemes = schemes + 1
      for _, ground in ipairs { "paper", "panel" } do
        assert.is_true(contrast(colour.ink, colour[ground]) >= 7)
        for _, name in ipairs { "soft", "link", "low", "mid", "high" } do
          assert.is_true(contrast(colour[name], colour[ground]) >= 4.5, name)
        end
      end
      if colour.warn then assert.is_true(contrast(colour.warn, colour.warnbg) >= 4.5) end
      assert.is_true(contrast(colour.fill, colour.track) >= 3)
      assert.is_true(contrast(colour.edge, colour.paper) >= 3)
    end
    assert.equal(3, schemes)
  end)
end)
