-- types/library/partnercenter.lua says of the module what is true of it, and says all
-- of it: names in both directions, and the types of what can be seen.
local check = require "partnercenter.util.check"
local documents = require "spec.support.documents"
local endpoint = require "spec.support.endpoint"
local errors = require "partnercenter.errors"
local partnercenter = require "partnercenter"
local resource_tree = require "partnercenter.client.node"
local resources = require "partnercenter.resources.catalogue"
local sandbox = require "spec.support.sandbox"

local FILE = "types/library/partnercenter.lua"
local GUID = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"

-- What calls alone ask of the decoder.
local OF_CALLS = { rows = true, counts = true, renames = true, before = true }

-- The documentation or the service's own contract names them, and no answer shows
-- them.
local UNSEEN = {
  -- Of calls with the header ValidateMfa, and of answers that go on by a header.
  ["partnercenter.Facts"] = { "mfa_compliant", "continuation_token", "link" },
  ["partnercenter.CompanyProfile"] = { "organizationRegistrationNumber" },
  ["partnercenter.PartnerDeployment"] = { "serviceCode" },
  ["partnercenter.PartnerUsage"] = { "serviceCode" },
  ["partnercenter.CustomerSubscription"] = { "parentSubscriptionId", "promotionId" },
  ["partnercenter.CustomerUser"] = { "phoneNumber", "immutableId", "lastDirectorySyncTime" },
}

-- The classes: fields by name, each with `type`, `optional`; and `parent`.
-- Functions of the file are fields, too. And the aliases.
local function read_types()
  local classes, aliases, owners = {}, {}, {}
  local current, alias
  for line in io.lines(FILE) do
    local class, parent = line:match("^%-%-%-@class ([%w_.]+)%s*:?%s*([%w_.]*)$")
    local name, optional, kind = line:match("^%-%-%-@field ([%w_]+)(%??) (.+)$")
    local owner = line:match("^local (%w+) = {}$")
    local of, method, params = line:match("^function (%w+)[.:]([%w_]+)%((.-)%) end$")
    local aliased, text = line:match("^%-%-%-@alias ([%w_.]+)%s*(.*)$")
    if class then
      assert(not classes[class], class .. " stands there twice")
      current = { name = class, fields = {}, parent = parent ~= "" and parent or nil }
      classes[class] = current
    elseif name then
      assert(not current.fields[name], current.name .. "." .. name .. " stands there twice")
      current.fields[name] = { type = kind, optional = optional == "?" }
    elseif owner then
      owners[owner] = current
    elseif of then
      local fields = owners[of].fields
      fields[method] = { params = params, type = "function" }
    elseif aliased then
      alias, aliases[aliased] = aliased, text
    elseif line:find("^%-%-%-| ") then
      aliases[alias] = aliases[alias] .. "|" .. line:match("^%-%-%-| (%S+)")
    end
  end
  return classes, aliases
end

local classes, aliases = read_types()

local function class_of(name)
  return assert(classes[name], "no class " .. name)
end

-- The fields of a class and of those it inherits from.
local function fields_of(name)
  local class, fields = class_of(name), {}
  for field, what in pairs(class.parent and fields_of(class.parent) or {}) do
    fields[field] = what
  end
  for field, what in pairs(class.fields) do fields[field] = what end
  return fields
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function set(list)
  local names = {}
  for _, name in ipairs(list) do names[name] = true end
  return names
end

local function assert_fields(class, names)
  assert.same(sorted(names), sorted(fields_of(class)), class)
end

-- What stands before a type's description: a union is written without spaces.
local function type_of(field)
  return field.type:match('^fun%b().*$') or field.type:match("^%S+")
end

-- The words of a union of literals.
local function literals(text)
  local names = {}
  for word in text:gmatch('"([^"]*)"') do names[word] = true end
  return names
end

-- A local of the function's file.
local function upvalue(fn, wanted)
  for i = 1, 100 do
    local name, value = debug.getupvalue(fn, i)
    if not name then break end
    if name == wanted then return value end
  end
  error("no upvalue " .. wanted)
end

-- The options that a call checks its table by.
local function options_of(call)
  local original, seen = check.options, nil
  check.options = function(what, given, known, level)
    seen = seen or known
    return original(what, given, known, (level or 2) + 1)
  end
  pcall(call)
  check.options = original
  return seen
end

-- Does a value fit a type of the file?
local function fits(value, text)
  for one in text:gmatch("[^|]+") do
    if one == type(value) or one == "any" then return true end
    if one == "integer" and type(value) == "number" and value % 1 == 0 then return true end
    if type(value) == "table" and (one:find("^table") or one:find("%[%]$") or classes[one]) then
      return true
    end
    if type(value) == "string" and (aliases[one] and literals(aliases[one])[value]) then
      return true
    end
  end
  return false
end

-- Every member of a value has its field, of the right type; notes what was seen.
local function assert_known(value, name, seen)
  local fields = fields_of(name)
  seen[name] = seen[name] or {}
  local noted = seen[name]
  for member, inner in pairs(value) do
    local field = fields[member]
    assert.is_table(field, ("%s has no field %s"):format(name, tostring(member)))
    local kind = type_of(field)
    local null = inner == partnercenter.null and field.optional
    assert.is_true(null or fits(inner, kind), ("%s.%s: a %s"):format(name, member, type(inner)))
    noted[member] = true
    if not null then
      if classes[kind] then assert_known(inner, kind, seen) end
      local element = classes[kind:match("^(.*)%[%]$")]
      for _, one in ipairs(element and inner or {}) do assert_known(one, element.name, seen) end
    end
  end
  for member, field in pairs(fields) do
    if not field.optional and value[member] == nil then
      error(("%s.%s is missing in an answer, and not optional"):format(name, member))
    end
  end
end

-- A resource's classes by the signature of its node's `get`.
local function classes_of_node(node)
  local get = fields_of(node).get.type
  local params = get:match("params%?: ([%w_.]+)")
  local result = get:match("%): ([%w_.]+)%?, partnercenter%.Outcome$")
  if not params then return nil, nil, result end
  local page = class_of(result)
  if page.parent ~= "partnercenter.Page" then return params, nil, result end
  return params, result, (page.fields.items.type:gsub("%[%]$", ""))
end

describe("types/config.json", function()
  it("has the language server offer the stubs to those who load the module", function()
    local file = assert(io.open "types/config.json")
    local config = assert(partnercenter.decode(file:read("*a")))
    file:close()
    local function offers(line)
      for _, pattern in ipairs(config.words) do
        if line:find(pattern) then return true end
      end
    end
    assert.is_true(offers 'local partnercenter = require "partnercenter"')
    assert.is_true(offers "local client = require('partnercenter').new {}")
    assert.is_true(offers 'local redis = require("partnercenter.store.redis")')
    assert.is_nil(offers 'require "partnercentered"')
    assert.is_nil(offers 'print "partnercenter"')
  end)
end)

describe("types/library/partnercenter.lua", function()
  local tree = upvalue(resource_tree.root, "root")

  it("gives what the module exports, with the same parameters", function()
    local types = dofile(FILE)
    local function compare(class, module, stubs, name)
      assert_fields(class, module)
      for key, value in pairs(module) do
        if type(value) == "function" and debug.getinfo(value, "S").what ~= "C" then
          assert.is_function(stubs[key], name .. key)
          for i = 1, 9 do
            if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then break end
            assert.equal(debug.getlocal(value, i), debug.getlocal(stubs[key], i), name .. key)
          end
        end
      end
    end
    compare("partnercenter", partnercenter, types, "")
    for _, part in ipairs { "credentials", "csv", "filter", "insights" } do
      compare("partnercenter." .. part, partnercenter[part], types[part], part .. ".")
    end
  end)

  it("names only classes and aliases that it has", function()
    for line in io.lines(FILE) do
      for name in line:gmatch("partnercenter%.[%u]%w*") do
        assert.is_truthy(classes[name] or aliases[name], name)
      end
    end
  end)

  it("has the options of new and with", function()
    local partner = partnercenter.new { credentials = partnercenter.credentials.token("t") }
    finally(function() partner:close() end)
    assert_fields("partnercenter.Options", options_of(function() partnercenter.new {} end))
    assert_fields("partnercenter.CallOptions", options_of(function() partner:with {} end))
    assert_fields("partnercenter.RequestOptions", options_of(function() partner:request {} end))
    assert_fields("partnercenter.MapOptions",
      options_of(function() partner:map({}, print, {}) end))
    for name, field in pairs(fields_of "partnercenter.Options") do
      assert.equal(name ~= "credentials", field.optional, name)
    end
  end)

  it("has the clouds, the loops and the prefixes", function()
    local clouds = upvalue(require "partnercenter.sign_in.clouds".get, "clouds")
    assert.same(sorted(clouds), sorted(literals(aliases["partnercenter.Cloud"])))
    for name in pairs(literals(aliases["partnercenter.LoopName"])) do
      assert.is_truthy(io.open("lua/partnercenter/loop/" .. name .. ".lua"), name)
    end
    local function try(option, value)
      return (pcall(require "partnercenter.client.settings".new,
        { credentials = partnercenter.credentials.token("t"), [option] = value }, 1))
    end
    for _, option in ipairs { "commercial_prefix", "http_version" } do
      for value in pairs(literals(fields_of "partnercenter.Options"[option].type)) do
        assert.is_true(try(option, value), value)
      end
      assert.is_false(try(option, "other"))
    end
  end)

  it("has the options of the decoder", function()
    local documented = {}
    for line in io.lines("src/lua/decoder.c") do
      local name = line:match("@tparam.* options%.([%w_]+)")
      if name and not OF_CALLS[name] then documented[name] = true end
    end
    assert_fields("partnercenter.DecodeOptions", documented)
    for name in pairs(fields_of "partnercenter.DecodeOptions") do
      local value = ({ max_depth = 5, array_mt = {} })[name] or true
      assert.equal(1, partnercenter.decode("1", { [name] = value }))
    end
  end)

  describe("of credentials", function()
    local VALUES = {
      tenant = "contoso.com", client_id = GUID, version = 2, code_challenge_method = "S256",
      response_mode = "query", on_prompt = print, on_rotate = print, cloud = "global",
      authority = "https://login.example.com",
    }

    for _, c in ipairs {
      { "refresh_token", "RefreshToken" }, { "device_code", "DeviceCode" },
      { "authorization_code", "AuthorizationCode" }, { "client_secret", "ClientSecret" },
      { "client_assertion", "ClientAssertion" }, { "authorize_url", "AuthorizeUrl" },
    } do
      local make, class = partnercenter.credentials[c[1]], "partnercenter." .. c[2] .. "Options"
      it("has the options of " .. c[1] .. ", and which are needed", function()
        assert_fields(class, options_of(function() make {} end))
        local needed = {}
        for name, field in pairs(fields_of(class)) do
          if not field.optional then needed[name] = VALUES[name] or "x" end
        end
        assert.is_truthy(make(needed))
        for name, value in pairs(needed) do
          needed[name] = nil
          assert.error_matches(function() make(needed) end, "needs the option '" .. name .. "'")
          needed[name] = value
        end
      end)
    end

    it("has what pkce gives", function()
      assert_known(partnercenter.credentials.pkce(), "partnercenter.Pkce", {})
    end)
  end)

  it("has the fields and kinds of errors", function()
    assert_fields("partnercenter.Error", upvalue(errors.new, "FIELDS"))
    assert.same(sorted(upvalue(errors.new, "KINDS")),
      sorted(literals(aliases["partnercenter.ErrorKind"])))
    assert_known(errors.from_failure("network", "x"), "partnercenter.Error", {})
  end)

  it("has the methods of the client, with the same parameters", function()
    local methods = upvalue(getmetatable(partnercenter.new {
      credentials = partnercenter.credentials.token("t") }).__index, "methods")
    local names = {}
    for name in pairs(methods) do names[name] = true end
    for name in pairs(tree.members) do names[name] = true end
    names.reports = true
    assert_fields("partnercenter.Client", names)
    for name, method in pairs(methods) do
      local stub = fields_of "partnercenter.Client"[name]
      if stub and (_VERSION ~= "Lua 5.1" or rawget(_G, "jit")) then
        local params = {}
        for i = 2, 9 do params[#params + 1] = debug.getlocal(method, i) end
        assert.equal(table.concat(params, ", "), stub.params, name)
      end
    end
  end)

  it("has what a closer does", function()
    local partner = partnercenter.new { credentials = partnercenter.credentials.token("t") }
    finally(function() partner:close() end)
    local _, _, _, closer = partner.customers:each()
    assert_fields("partnercenter.Closer", closer)
    _, _, _, closer = partner:map({}, print)
    assert_fields("partnercenter.Closer", closer)
  end)

  it("has the sums of summarize", function()
    local row = {}
    for _, resource in ipairs(resources) do
      for _, field in ipairs(resource.counts or {}) do row[field] = 1 end
    end
    assert_fields("partnercenter.Summary", partnercenter.insights.summarize { row }[1])
  end)

  -- The node classes of the tree, from the client's down: fn(tree, class name).
  local function visit(at, class, fn)
    fn(at, class)
    local fields = fields_of(class)
    for name, child in pairs(at.members) do
      local kind = type(child) == "table" and fields[name] and type_of(fields[name])
      if classes[kind] then visit(child, kind, fn) end
    end
    local kind = at.id and fields.by_id and fields.by_id.type:match(": ([%w_.]+)$")
    if classes[kind] then visit(at.id, kind, fn) end
  end

  -- By a resource's name the names of its classes; what is missing is told by its name.
  local of = setmetatable({}, { __index = function(_, name)
    for _, resource in ipairs(resources) do
      if resource.name == name then error(select(2, endpoint.row_class(resource)), 2) end
    end
  end })
  visit(tree, "partnercenter.Client", function(at, class)
    if at.resource and endpoint.row_class(at.resource) then
      local params, page, row = classes_of_node(class)
      of[at.resource.name] = { params = params, page = page, row = row, node = class }
    end
  end)

  it("has every node of the tree, with what stands behind it", function()
    for _, resource in ipairs(resources) do assert(endpoint.row_class(resource)) end
    visit(tree, "partnercenter.Client", function(at, class)
      if class ~= "partnercenter.Client" then assert_fields(class, at.members) end
    end)
    local partner = partnercenter.new { credentials = partnercenter.credentials.token("t") }
    finally(function() partner:close() end)
    local node = partner:request { path = "/v1/x" }
    for name in pairs(fields_of "partnercenter.RequestNode") do
      assert.is_function(node[name], name)
    end
  end)

  for _, resource in ipairs(resources) do
    it("has the parameters of " .. resource.name, function()
      local class = of[resource.name]
      assert.equal(resource.single == true, class.page == nil)
      if resource.single and not resource.params then
        assert.is_nil(class.params)
        return
      end
      local names = { filter = not resource.single or nil }
      for name in pairs(resource.params or {}) do names[name] = true end
      for _, source in pairs(resource.sources or {}) do
        names.source = true
        for _, successor in ipairs(resources) do
          if successor.name == source.resource then
            for name in pairs(successor.params) do names[name] = true end
            names.groupby = nil
          end
        end
      end
      assert_fields(class.params, names)
      for name, field in pairs(fields_of(class.params)) do
        assert.is_true(field.optional, name)
        local rule = name == "source" and sorted(resource.sources) or (resource.params or {})[name]
        if type(rule) == "table" then
          assert.same(sorted(set(rule)), sorted(literals(type_of(field))), name)
        end
      end
      for _, verb in ipairs(resource.single and {} or { "get", "pages", "each", "all" }) do
        local text = fields_of(class.node)[verb].type
        assert.equal(class.params, text:match("params%?: ([%w_.]+)"))
        assert.is_truthy(text:find(verb == "get" and class.page
          or verb == "pages" and class.page or class.row, 1, true), verb)
      end
    end)
  end

  describe("of rows", function()
    local box, partner
    local seen, events = {}, {}

    setup(function()
      box = sandbox.start { customers = 40, products = 10 }
      partner = box:partner {
        credentials = partnercenter.credentials.token(function()
          return box.token, os.time() + 3600
        end),
        nulls = true,
        store = partnercenter.store.file "build/nowhere", -- that of an event
        on_event = function(event) events[#events + 1] = event end,
      }
    end)

    teardown(function()
      partner:close()
      box:stop()
    end)

    -- Rows that the documentation prints: of which resource each file is.
    for file, name in pairs {
      ["customer-licenses-deployment"] = "customers.analytics.licenses.deployment",
      ["customer-licenses-usage"] = "customers.analytics.licenses.usage",
      ["partner-licenses-deployment"] = "analytics.licenses.deployment",
      ["partner-licenses-usage"] = "analytics.licenses.usage",
      ["commercial-deployment-license"] = "analytics.commercial.deployment.license",
      ["commercial-usage-license"] = "analytics.commercial.usage.license",
      ["customers-list"] = "customers",
      ["customers-by-name"] = "customers",
      ["subscriptions-all"] = "analytics.subscriptions",
      ["subscriptions-by-search-query"] = "analytics.subscriptions",
      ["usage-azure"] = "analytics.usage.azure",
      ["indirectresellers"] = "analytics.indirectresellers",
      ["referrals"] = "analytics.referrals",
      ["search"] = "analytics.search",
      ["customer-subscribedskus"] = "customers.subscribedskus",
      ["customer-subscriptions"] = "customers.subscriptions",
      ["customer-users"] = "customers.users",
      ["customer-users-inactive"] = "customers.users",
      ["user-licenses"] = "customers.users.licenses",
    } do
      it("has every field of the documented " .. file, function()
        local page = assert(documents.page(documents.text(file .. ".json"), name))
        assert.is_true(#page.items > 0)
        for _, row in ipairs(page.items) do assert_known(row, of[name].row, seen) end
        for member, value in pairs(page) do
          local field = fields_of(of[name].page)[member]
          if field then assert.is_true(fits(value, type_of(field)), member) end
        end
      end)
    end

    it("has the documented link to the next page", function()
      assert_known(documents.read("links-next-fragment.json").links, "partnercenter.Links", seen)
      assert.is_true(seen["partnercenter.Links"].next)
    end)

    it("has every field that the sandbox shows", function()
      for _, resource in ipairs(resources) do
        local node = partner
        local _, ids = endpoint.address_of(resource, box)
        for segment in resource.path:gsub("^/%w*/?v1/", ""):gmatch("[^/]+") do
          node = segment:find("{", 1, true) and node:by_id(table.remove(ids, 1)) or node[segment]
        end
        local class = of[resource.name].row
        if resource.single then
          assert_known(assert(node:get()), class, seen)
        else
          for row in node:each() do assert_known(row, class, seen) end
        end
        for source in pairs(resource.sources or {}) do
          for row in node:each { source = source } do assert_known(row, class, seen) end
        end
      end
    end)

    it("has the facts of an answer, and the events", function()
      local _, facts = assert(partner.customers:get())
      assert_known(facts, "partnercenter.Facts", seen)
      assert_fields("partnercenter.Timings", facts.timings)
      box:control { faults = { { error = "unavailable" },
        { status = 429, headers = { ["Retry-After"] = "0" } } } }
      assert(partner.customers:get())
      local names = {}
      for _, event in ipairs(events) do
        assert_known(event, "partnercenter.Event", seen)
        names[event.name] = true
      end
      assert.same(sorted(literals(aliases["partnercenter.EventName"])), sorted(names))
    end)

    -- What the data of the resources says of their rows: class to names.
    local function documented_fields()
      local documented = {}
      for _, resource in ipairs(resources) do
        local class = of[resource.name].row
        local names = documented[class] or {}
        documented[class] = names
        local function note(name)
          name = (resource.renames or {})[name] or name
          -- Names with a capital are those of the customer search.
          if name:find("^%l") then names[name] = true end
        end
        for _, name in ipairs(resource.counts or {}) do note(name) end
        for _, name in ipairs(type(resource.groupby) == "table" and resource.groupby or {}) do
          note(name)
        end
        for name, operators in pairs(resource.filter or {}) do
          if type(operators) == "table" then note(name) end
        end
      end
      return documented
    end

    -- After those above, which have noted what they saw.
    it("have every field that is documented, and no other that was not seen", function()
      local documented = documented_fields()
      for class, noted in pairs(seen) do
        local fields, names = fields_of(class), documented[class] or {}
        for name in pairs(names) do assert.is_table(fields[name], class .. "." .. name) end
        for _, name in ipairs(UNSEEN[class] or {}) do
          assert.is_nil(noted[name] or names[name], class .. "." .. name)
          names[name] = true
        end
        for name in pairs(fields) do
          assert.is_truthy(names[name] or noted[name], class .. "." .. name)
        end
      end
      for class in pairs(UNSEEN) do assert.is_table(seen[class], class) end
      for _, resource in ipairs(resources) do
        assert(seen[of[resource.name].row], resource.name .. ": no answer shows a row: let the "
          .. "sandbox have one, or add a documented answer to spec/data/examples")
      end
    end)
  end)
end)
