-- How many times as long as on a machine of its own something may take:
-- `under` times with a sanitizer, valgrind or counted lines, and longer where more processes
-- want to run than there are processors.
return function(under)
  local slowed = (os.getenv "PC_UNDER" or "") ~= "" or os.getenv "LINECOV_DIR" ~= nil
  local factor = slowed and under or 1
  local load, cpus = io.open "/proc/loadavg", io.open "/proc/cpuinfo"
  if not load or not cpus then return factor end
  local waiting = tonumber(load:read("*l"):match("^[%d.]+"))
  local _, processors = ("\n" .. cpus:read("*a")):gsub("\nprocessor%s", "")
  load:close()
  cpus:close()
  return factor * math.max(1, waiting / math.max(1, processors))
end
