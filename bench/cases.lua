-- The texts of the decoding benchmark, each made anew, the same every time.
local M = {}

-- A generator of our own: the same numbers in every Lua.
local seed
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local function pick(list) return list[random(#list)] end

local PRODUCTS = {}
for _, family in ipairs { "OFFICE 365", "EXCHANGE ONLINE", "DYNAMICS 365", "POWER BI", "INTUNE" } do
  for _, plan in ipairs { "BUSINESS ESSENTIALS", "ENTERPRISE E1", "ENTERPRISE E3", "(PLAN 1)",
    "(PLAN 2)", "ARCHIVING FOR EXCHANGE ONLINE" } do
    PRODUCTS[#PRODUCTS + 1] = family .. " " .. plan
  end
end
local SERVICES = { "o365", "crm", "exchange", "intune" }
local CHANNELS = { "reseller", "direct" }

-- The members of an insight, in the order of the documentation.
local function insight(customer)
  local sold = random(500)
  local deployed = random(sold + 1) - 1
  return {
    { "customerName", ('"DT DEMO CSP CUSTOMER %03d"'):format(customer) },
    { "productName", '"' .. pick(PRODUCTS) .. '"' },
    { "licensesDeployed", ("%d"):format(deployed) },
    { "deploymentPercent", ("%.1f"):format(deployed / sold * 100) },
    { "licensesSold", ("%d"):format(sold) },
    { "processedDateTime", '"2017-03-14T03:25:16.36+00:00"' },
    { "serviceName", '"' .. pick(SERVICES) .. '"' },
    { "channel", '"' .. pick(CHANNELS) .. '"' },
    { "attributes", '{"objectType":"CustomerLicensesDeploymentInsights"}' },
  }
end

local function object(members)
  local parts = {}
  for i, member in ipairs(members) do parts[i] = '"' .. member[1] .. '":' .. member[2] end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function envelope(rows)
  return ('{"totalCount":%d,"items":[%s],"attributes":{"objectType":"Collection"}}')
    :format(#rows, table.concat(rows, ","))
end

-- Rows made by change(members, i) from insights.
local function insights(n, change)
  local rows = {}
  for i = 1, n do
    local members = insight(math.floor(i / 25))
    rows[i] = object(change and change(members, i) or members)
  end
  return envelope(rows)
end

local function different(members, i)
  members[1][2] = ('"CUSTOMER %d OF MANY"'):format(i * 7919)
  members[2][2] = ('"PRODUCT %08x-%d"'):format(i * 2654435, i)
  members[3][2] = ("%d"):format(i * 31)
  members[4][2] = ("%.3f"):format(i / 7)
  members[5][2] = ("%d"):format(i * 37)
  members[6][2] = ('"2017-%02d-%02dT03:%02d:%02d.%02d+00:00"'):format(i % 12 + 1, i % 28 + 1,
    i % 60, math.floor(i / 60) % 60, i % 97)
  members[7][2] = ('"service-%d"'):format(i)
  members[8][2] = ('"channel-%d"'):format(i + 5)
  members[9][2] = ('{"objectType":"Insights%d"}'):format(i)
  return members
end

-- Three shapes in turn: as documented, with optional members left out, with
-- others added.
local function alternate(members, i)
  if i % 3 == 1 then
    table.remove(members, 6)
    table.remove(members, 2)
  elseif i % 3 == 2 then
    table.insert(members, 1, { "customerId", '"bf3ef2a1-3ec1-4f5f-8d5a-1c0ff1a4c6b1"' })
    table.insert(members, 5, { "region", '"EMEA"' })
    table.insert(members, { "trial", "false" })
  end
  return members
end

local function shuffle(members)
  for i = #members, 2, -1 do
    local j = random(i)
    members[i], members[j] = members[j], members[i]
  end
  return members
end

local NAMES = {
  [["Contoso \"Süd\" GmbH \u0026 Co. KG"]], [["株式会社コントソ \u6771\u4eac"]],
  [["Société Générale d\u2019Électricité\n2\u00e8me étage"]], [["Контосо \\ Север 😀"]],
  [["\ud83c\udfe2 Contoso \ud83d\ude80"]], [["Ελληνική Εταιρεία\tΑΕ"]],
}

local function unicode(members, i)
  members[1][2] = NAMES[i % #NAMES + 1]
  members[2][2] = ('"Лицензия № %d — «план»"'):format(i)
  return members
end

local function words(n)
  local list = {}
  for i = 1, n do list[i] = pick { "lorem", "ipsum", "dolor", "sit", "amet", "größe", "naïve" } end
  return table.concat(list, " ")
end

local function user()
  local id = random(1000000)
  return ([[{"id":%d,"id_str":"%d","name":"%s","screen_name":"user%d","location":"%s",]]
    .. [["description":"%s http:\/\/t.co\/x%d","url":null,"protected":false,"followers_count":%d,]]
    .. [["friends_count":%d,"listed_count":%d,"created_at":"Mon Apr %02d 08:%02d:00 +0000 2013",]]
    .. [["favourites_count":%d,"utc_offset":-25200,"time_zone":"Pacific Time (US & Canada)",]]
    .. [["geo_enabled":%s,"verified":false,"lang":"en","profile_background_color":"C0DEED",]]
    .. [["profile_image_url":"http:\/\/pbs.twimg.com\/profile_images\/%d\/normal.jpeg",]]
    .. [["profile_use_background_image":true,"default_profile":%s,"following":false}]]):format(id,
    id, words(2), id, words(1), words(8), id, random(5000), random(900), random(40), random(28),
    random(59), random(3000), pick { "true", "false" }, id, pick { "true", "false" })
end

local function entities()
  local tags = {}
  for i = 1, random(4) - 1 do
    tags[i] = ('{"text":"%s","indices":[%d,%d]}'):format(words(1), random(60), random(60) + 60)
  end
  return ('{"hashtags":[%s],"symbols":[],"urls":[],"user_mentions":[]}')
    :format(table.concat(tags, ","))
end

local function tweet(i, depth)
  local text = ([[{"metadata":{"result_type":"recent","iso_language_code":"en"},]]
    .. [["created_at":"Sun Aug 31 00:29:%02d +0000 2014","id":50592447%d,"id_str":"50592447%d",]]
    .. [["text":"@user %s\n%s","source":"<a href=\"http:\/\/twitter.com\">web<\/a>",]]
    .. [["truncated":false,"in_reply_to_status_id":null,"user":%s,"geo":null,"coordinates":%s,]]
    .. [["retweet_count":%d,"favorite_count":%d,"entities":%s,"favorited":false,"lang":"en"]])
    :format(i % 60, i, i, words(9), words(5), user(),
      pick { "null", '{"type":"Point","coordinates":[-122.41942,37.77493]}' }, random(90),
      random(40), entities())
  if depth == 0 and random(3) == 1 then
    text = text .. ',"retweeted_status":' .. tweet(i + 1000, 1)
  end
  return text .. "}"
end

local function tweets()
  local list = {}
  for i = 1, 300 do list[i] = tweet(i, 0) end
  return '{"statuses":[' .. table.concat(list, ",") .. '],"search_metadata":{"count":300}}'
end

-- Trees of 100 levels, one of lists and one of objects.
local function deep()
  local list = {}
  for i = 1, 300 do
    local levels = 50 + i % 50
    list[i] = i % 2 == 0 and ("["):rep(levels) .. i .. ("]"):rep(levels)
      or ('{"level":1,"child":'):rep(levels) .. i .. ("}"):rep(levels)
  end
  return "[" .. table.concat(list, ",") .. "]"
end

local function numbers(n)
  local list = {}
  for i = 1, n do
    local kind = i % 4
    list[i] = kind == 0 and ("%d"):format(random(100000))
      or kind == 1 and ("%.2f"):format(random(99999) / 100)
      or kind == 2 and ("%.17g"):format(random(1000000007) / 1000003)
      or ("-%d"):format(random(2147483646))
  end
  return "[" .. table.concat(list, ",") .. "]"
end

-- Names that never come twice in the same place: rows, a dictionary, a tree.
local function unique() return ('"n%06x%d"'):format(random(16777216), random(9)) end

local function tree(depth)
  if depth == 0 then return random(3) == 1 and random(1000) or unique() end
  local members = {}
  for i = 1, random(6) do members[i] = unique() .. ":" .. tree(depth - 1) end
  return "{" .. table.concat(members, ",") .. "}"
end

local function irregular()
  local rows, entries, trees = {}, {}, {}
  for i = 1, 2000 do
    local members = {}
    for j = 1, random(17) do members[j] = unique() .. ":" .. (i % 2 == 0 and j or unique()) end
    rows[i] = "{" .. table.concat(members, ",") .. "}"
  end
  for i = 1, 10000 do entries[i] = unique() .. ":" .. i end
  for i = 1, 60 do trees[i] = unique() .. ":" .. tree(5) end
  return ('{"rows":[%s],"entries":{%s},"trees":{%s}}'):format(table.concat(rows, ","),
    table.concat(entries, ","), table.concat(trees, ","))
end

-- Members that are there or not, in any order: more names than rows have.
local function sparse()
  local names, rows = {}, {}
  for i = 1, 60 do names[i] = unique() end
  for i = 1, 1500 do
    local members = {}
    for j, name in ipairs(shuffle(names)) do
      if j <= 20 then members[j] = name .. ":" .. j end
    end
    rows[i] = "{" .. table.concat(members, ",") .. "}"
  end
  return envelope(rows)
end

-- Name, bar (times lua-cjson), maker.
local CASES = {
  { "insights-3", 1, function() return insights(3) end },
  { "insights-100", nil, function() return insights(100) end },
  { "insights-10k", 4, function() return insights(10000) end },
  { "different", 2.5, function() return insights(10000, different) end },
  { "alternating", 2, function() return insights(10000, alternate) end },
  { "shuffled", 2, function() return insights(10000, shuffle) end },
  { "unicode", 1.3, function() return insights(5000, unicode) end },
  { "tweets", 1.3, tweets },
  { "irregular", 1.3, irregular },
  { "sparse", 1.3, sparse },
  { "deep", 1.3, deep },
  { "numbers-1M", 1.3, function() return numbers(1000000) end },
}

M.names = {}
for i, case in ipairs(CASES) do M.names[i] = case[1] end

--- The case of that name: { name, bar, text }.
function M.get(name)
  for _, case in ipairs(CASES) do
    if case[1] == name then
      seed = 42
      return { name = name, bar = case[2], text = case[3]() }
    end
  end
  error("there is no case " .. name)
end

return M
