-- What is done in one place: code that goes round it is found.
local doors = dofile "tools/doors.lua"

local function told(file, line)
  local list = {}
  doors.check(file, 1, line, function(_, _, say) list[#list + 1] = say end)
  return table.concat(list, "\n")
end

describe("a door", function()
  for _, c in ipairs {
    { "a number", "local n = tonumber(text)", "use util/wire" },
    { "a number under another name", "local number = tonumber", "use util/wire" },
    { "letter case", "return name:lower()", "use util/wire" },
    { "letter case of the library", "return string.upper(name)", "use util/wire" },
    { "a fraction", 'return ("%.3f"):format(x)', "use util/wire" },
    { "a fraction with a width", 'return ("%5.1f%%"):format(x)', "use util/wire" },
    { "a number in its shortest form", 'return ("%g"):format(x)', "use util/wire" },
    { "a number as a text", 'return "rows: " .. #rows', "use util/wire" },
    { "a file that is read", 'local f = io.open(path, "rb")', "files are the core's" },
    { "a file by another way", 'local f = io["open"](path)', "files are the core's" },
    { "lines of a file", "for line in io.lines(path) do", "files are the core's" },
    { "a file that goes", "os.remove(path)", "files are the core's" },
    { "a command", 'io.popen("id")', "files are the core's" },
    { "a secret", "local token = answer.access_token", "a secret" },
    { "a secret by its text", 'local token = answer["access_token"]', "a secret" },
    { "a register of one's own", "local register = errors.register()", "one register" },
    { "a mask of one's own", 'text = text:gsub(secret, "[redacted]")', "one register" },
    { "an error of one's own", "return nil, errors.new { message = why }", "from_failure" },
    { "a table that looks like one", 'return nil, { kind = "network", message = why }',
      "from_failure" },
    { "a link to the next page", "local link = document.nextLink", "decided in pages" },
    { "a link of OData", 'local link = document["@odata.nextLink"]', "decided in pages" },
    { "a continuation token", "request.token = document.continuationToken", "decided in pages" },
    { "a link among links", "local link = links.next.uri", "decided in pages" },
    { "a key of texts", 'local key = ("quota:%s:%s"):format(url, who)', "keys are made" },
    { "a key of a list", 'local key = table.concat(who, "|")', "keys are made" },
    { "a key of an address", 'local key = base_url .. ":" .. tenant', "keys are made" },
    { "a hint", [[why = why .. " (did you mean '" .. near .. "'?)"]], "check.hint" },
    { "a session", "local session = core.session {}", "one session" },
  } do
    it("is not gone round for " .. c[1], function()
      assert.matches(c[3], told("lua/partnercenter/calls/planted.lua", c[2]), 1, true)
    end)
  end

  for _, c in ipairs {
    { "a number", "  double d = strtod(text, NULL);", "locale" },
    { "letter case", "  c = tolower(c);", "locale" },
    { "a fraction", '  snprintf(s, n, "%.17g", d);', "locale" },
    { "a file", '  FILE *f = fopen(path, "w");', "descriptors" },
    { "a descriptor", "  int fd = open(path, O_RDONLY);", "descriptors" },
    { "a socket", "  int fd = socket(AF_INET, SOCK_STREAM, 0);", "descriptors" },
  } do
    it("is not gone round in C for " .. c[1], function()
      assert.matches(c[3], told("src/json/planted.c", c[2]), 1, true)
    end)
  end

  for _, c in ipairs {
    { "where it is", "lua/partnercenter/util/wire.lua", "return tonumber(text)" },
    { "in a comment", "lua/partnercenter/calls/call.lua", "-- no tonumber(text) here" },
    { "in a comment behind code", "lua/partnercenter/calls/call.lua", "call() -- not x:lower()" },
    { "in a comment in C", "src/json/number.c", "/* strtod(text) obeys the locale" },
    { "by names like those", "lua/partnercenter/calls/call.lua", "tonumbers = lower(text)" },
    { "by a pattern", "lua/partnercenter/calls/call.lua", 'name:find("%f[%w]%a+%.%d*")' },
  } do
    it("is free " .. c[1], function() assert.equal("", told(c[2], c[3])) end)
  end

  it("is seen behind two dashes in a text", function()
    assert.matches("use util/wire", told("lua/partnercenter/calls/call.lua",
      'return "--" .. tonumber(text)'), 1, true)
  end)
end)
