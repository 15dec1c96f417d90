-- Stands in for the rock: busted itself is the operating system's, run by the
-- Lua of the tree.
rockspec_format = "3.0"
package = "busted"
version = "2.1.1-1"
source = { url = "file:///dev/null" }
description = { summary = "provided by the operating system", license = "MIT" }
dependencies = { "lua >= 5.1" }
build = { type = "none", install = { bin = { busted = "busted" } } }
