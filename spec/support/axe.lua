-- The accessibility rules of axe-core (WCAG and good practice), run in a page.
--
--   assert(axe.fetch())                     -- needs the network once: tools/fetch-axe
--   local violations = axe.check(browser)   --> "" when there are none
local M = {}

local SCRIPT = "build/axe/node_modules/axe-core/axe.min.js"

-- Have it here.
function M.fetch()
  local pipe = assert(io.popen("tools/fetch-axe 2>&1"))
  local said = pipe:read("*a")
  pipe:close()
  local file = io.open(SCRIPT, "rb")
  if not file then return nil, said end
  M.script = file:read("*a")
  file:close()
  return true
end

-- A line for each element that breaks a rule. The script comes over the debugger's
-- wire, where no policy of the page forbids it.
function M.check(browser)
  browser:devtools("Runtime.evaluate", { expression = M.script .. ";0" })
  local answer = browser:devtools("Runtime.evaluate", { awaitPromise = true, returnByValue = true,
    expression = [[axe.run(document, { resultTypes: ["violations"] }).then((found) =>
      found.violations.flatMap((rule) => rule.nodes.map((node) =>
        rule.id + ": " + node.target.join(" ") + ": " + node.failureSummary)).join("\n"))]] })
  return assert(answer.result.value, "axe gave no answer")
end

return M
