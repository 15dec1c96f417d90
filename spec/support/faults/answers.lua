-- Bodies that more than one table of faults sends.
local M = {}

M.ROW = '{"customerName":"A","productName":"P","licensesDeployed":1,"licensesSold":2}'
M.GOOD = '{"totalCount":1,"items":[' .. M.ROW .. "]}"
M.JSON = "Content-Type: application/json\r\n"

--- The head of a good answer with more header lines, each ended.
function M.head(more)
  return "HTTP/1.1 200 OK\r\n" .. M.JSON .. (more or "") .. "\r\n"
end

--- Answers every request well.
function M.well(c)
  while c:head() do c:json(M.GOOD) end
end

return M
