-- Stands in for the rock: the module itself is the operating system's.
rockspec_format = "3.0"
package = "argparse"
version = "0.7.1-1"
source = { url = "file:///dev/null" }
description = { summary = "provided by the operating system", license = "MIT" }
dependencies = { "lua >= 5.1" }
build = { type = "none" }
