-- Files of reports: their ids say what is in them and how the store behaves, so that
-- nobody has to tell it. The server and the readers go by this file.
--
--   NNNNNNNN-RRRR-4LLL-aMTF-PPPPPPPPPPPP
--   N any number   R rows   L bytes of a row's text   P bytes after which it breaks off
--   M what goes wrong (MODES)   T how often   F bits: gzip, no ranges, byte order mark
local M = {}

local floor = math.floor
local MOST_BYTES, ROW = 1500000, 110 -- of a file; of a row beside its text, about

-- What goes wrong, and the kinds of error that come of it; none: all rows come.
local MODES = {
  { weight = 50, name = "nothing" },
  { weight = 20, name = "breaks" },
  { weight = 4, name = "dead", kinds = { network = true }, always = true },
  { weight = 5, name = "link over" },
  { weight = 5, name = "link over later" },
  -- Where it breaks off before the first byte has come up, the first answer is the second.
  { weight = 4, name = "changed", kinds = { protocol = true }, text = "changed" },
  { weight = 4, name = "misplaced", kinds = { protocol = true }, text = "wrong place" },
  { weight = 4, name = "no CSV", kinds = { protocol = true }, always = true, text = "CSV, line" },
  { weight = 4, name = "error once" },
}
local NEEDS_BREAK = { changed = true, misplaced = true, ["link over later"] = true }

-- What a field of each row is, and as it is written.
local ODD = { { "x", "x" }, { "", "" }, { 'a "b", c', '"a ""b"", c"' },
  { "one\r\ntwo", '"one\r\ntwo"' }, { "\195\169,", '"\195\169,"' } }
local function odd_of(n) return ODD[floor(n / 50) % #ODD + 1] end

local function text_of(who, n, length)
  local mark = ("%s:%d|"):format(who:sub(1, 8), n)
  return mark:rep(floor(length / #mark) + 1)
end

--- What an id says.
function M.parse(id)
  local r, l, m, t, f, p = id:match("^%x+%-(%x+)%-4(%x+)%-a(%x)(%x)(%x)%-(%x+)$")
  local flags = tonumber(f, 16)
  return { id = id, rows = tonumber(r, 16), length = tonumber(l, 16),
    mode = MODES[tonumber(m, 16) + 1].name, times = tonumber(t, 16), after = tonumber(p, 16),
    gzip = flags % 2 == 1, no_ranges = flags % 4 >= 2, mark = flags >= 4 }
end

--- The file's text.
function M.text(file)
  local lines = { (file.mark and "\239\187\191" or "") .. "who,n,text,odd" }
  for n = 1, file.rows do
    lines[n + 1] = ("%s,%d,%s,%s"):format(file.id, n, text_of(file.id, n, file.length),
      odd_of(n)[2])
  end
  if file.mode == "no CSV" then lines[#lines + 1] = 'x,1,"y"z,' end
  return table.concat(lines, "\r\n") .. "\r\n"
end

--- What is wrong with row n, or nil.
function M.fault(row, id, n, length)
  if type(row) ~= "table" then return "is a " .. type(row) end
  if row.who ~= id then return "is of " .. tostring(row.who) end
  if row.n ~= n then return "has the number " .. tostring(row.n) end
  if row.text ~= text_of(id, n, length) or row.odd ~= odd_of(n)[1] then
    return "has a broken text"
  end
  return nil
end

local function hash(text)
  local sum = 7
  for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 2147483647 end
  return sum
end

local WEIGHTED = {}
for i, mode in ipairs(MODES) do WEIGHTED[i] = { mode.weight, i } end

--- A plan for a file, as those of plan.lua. `tame`: nothing goes wrong.
function M.plan(random, who, tame)
  local length = random:pick { 0, 40, 100, 300, 2000 }
  local total = random:pick { 0, 1, random:int(2, 100), random:int(100, 4000) }
  total = math.min(total, floor(MOST_BYTES / (length + ROW)))
  local i = (tame or total == 0) and 1 or random:weighted(WEIGHTED)
  local mode, flags = MODES[i], random:int(0, 7)
  -- The rest of it comes by range alone, where the range is what goes wrong.
  if mode.name == "misplaced" and flags % 4 >= 2 then flags = flags - 2 end
  -- It breaks off before the end in any case, and after the mark.
  local after = NEEDS_BREAK[mode.name] and random:int(4, 30) or random:int(1, total * length + 40)
  local id = ("%08x-%04x-4%03x-a%x%x%x-%012x"):format(hash(who), total, length, i - 1,
    random:int(1, 4), flags, after)
  return { who = id, id = id, total = total, sizes = { total }, length = length, fault = M.fault,
    failure = mode.kinds and mode, path = "report " .. id, query = {} }
end

--- the server's side ---

-- How often the file was asked for.
local function count(file)
  return ngx.shared.chaos:incr(file.id, 1, 0, 600)
end

--- The runs of a report: one, that is done.
function M.execution(port)
  local id = ngx.var.uri:match("[^/]+$")
  local link = ("https://127.0.0.1:%d/v1/files/%s/%s?sig=chaos%d"):format(port,
    M.parse(id).gzip and "gzip" or "plain", id, math.random(1e6))
  ngx.header["Content-Type"] = "application/json"
  ngx.print(('{"value":[{"executionId":"%s","reportId":"%s","executionStatus":"Completed",'
    .. '"format":"csv","reportAccessSecureLink":"%s"}],"totalCount":1}'):format(id, id, link))
end

local function refuse(status)
  ngx.status = status
  return ngx.print("<Error/>")
end

-- Whether this answer breaks off, and after how many bytes.
local function break_of(file, asked)
  if file.mode == "breaks" then return asked <= file.times and file.after end
  if file.mode == "dead" then return asked == 1 and file.after or 0 end
  return NEEDS_BREAK[file.mode] and asked == 1 and file.after
end

-- Sends bytes in pieces.
local function send(bytes)
  for at = 1, #bytes, 16384 do
    ngx.print(bytes:sub(at, at + 16383))
    if not ngx.flush(true) then return end
  end
end

--- The file, or its rest.
function M.content()
  local file = M.parse(ngx.var.uri:match("[^/]+$"))
  local asked, text = count(file), M.text(file)
  if file.mode == "link over" and asked == 1 or file.mode == "link over later" and asked == 2 then
    return refuse(403)
  end
  if file.mode == "error once" and asked == 1 then return refuse(503) end
  local from = not file.no_ranges
    and tonumber((ngx.var.http_range or ""):match("^bytes=(%d+)%-$") or nil)
  ngx.header["Content-Type"] = "text/csv"
  ngx.header.ETag = ('"%s"'):format(file.mode == "changed" and asked or 1)
  if from then
    if from >= #text then return refuse(416) end
    ngx.status = 206
    local begin = file.mode == "misplaced" and from + 1 or from
    ngx.header["Content-Range"] = ("bytes %d-%d/%d"):format(begin, #text - 1, #text)
    text = text:sub(from + 1)
  end
  if file.after % 2 == 0 then ngx.header["Content-Length"] = #text end
  local broken = break_of(file, asked)
  send(broken and text:sub(1, broken) or text)
  if broken then return ngx.exit(444) end
end

return M
