-- What a start of the command loads: a run pays for nothing that it does not use.
local command = require "spec.support.command"
local commands = require "partnercenter.cli.commands"

describe("partnercenter.cli.commands", function()
  it("gives a command alone, and all where they are spoken of", function()
    for _, section in ipairs(commands.sections()) do
      for _, entry in ipairs(section.commands) do
        local given = commands.sections(entry.name)
        if entry.name == "help" or entry.name == "completion" then
          assert.is_true(#given > 1, entry.name)
        else
          assert.same({ 1, 1 }, { #given, #given[1].commands })
          assert.equal(entry, given[1].commands[1])
          assert.equal(section.title, given[1].title)
        end
      end
    end
    assert.equal(#commands.sections(), #commands.sections "nonsense")
    assert.equal(#commands.sections(), #commands.sections "--help")
  end)
end)

if command.skips() then return end

describe("a start of the command", function()
  -- The modules that are loaded when it ends, behind what it prints.
  local TELL = [[local exit = os.exit
    function os.exit(...)
      for name in pairs(package.loaded) do io.stderr:write("loaded ", name, "\n") end
      exit(...)
    end]]

  local function loaded(words)
    local _, _, err = command.run(words, { env = { LUA_INIT = TELL, PARTNERCENTER_TOKEN = false } })
    local set = {}
    for name in err:gmatch("loaded ([^\n]+)") do set[name] = true end
    return set
  end

  for _, c in ipairs {
    { "--version", {}, { "client", "cli.commands.data.customers", "cli.formats" } },
    { "customers", { "cli.commands.data.customers" },
      { "cli.commands.data.licences", "cli.commands.reports", "cli.commands.account.login" } },
    { "reports run", { "cli.commands.reports" }, { "cli.commands.data.customers" } },
    { "logout", { "cli.commands.account.logout" }, { "cli.formats", "cli.run" } },
    { "help", { "cli.commands.data.customers", "cli.commands.reports" }, {} },
  } do
    it(("as '%s' loads what that needs"):format(c[1]), function()
      local set = loaded(c[1])
      for _, name in ipairs(c[2]) do assert.is_true(set["partnercenter." .. name], name) end
      for _, name in ipairs(c[3]) do assert.is_nil(set["partnercenter." .. name], name) end
    end)
  end
end)
