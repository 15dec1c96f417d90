-- The public home is not decided yet: this is the one place where it stands.
local home = "https://partnercenter.example.com"

rockspec_format = "3.0"
package = "partnercenter"
version = "scm-1"
source = {
  url = "git+" .. home .. "/partnercenter.git",
  branch = "main",
}
description = {
  summary = "Licence insights from Microsoft Partner Center as Lua tables",
  detailed = [[
A client for the analytics of the Partner Center API: licences sold, deployed
and used, by customer and product. It fetches, retries, follows pages and
decodes beside your code, in a script, in OpenResty or in any event loop.]],
  homepage = home,
  issues_url = home .. "/issues",
  license = "MIT",
  labels = { "http", "json", "microsoft", "openresty" },
}
dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson",
  "argparse",       -- for the partnercenter command
}
external_dependencies = {
  -- The library, not the header: Debian keeps curl.h in a folder of its own.
  CURL = { library = "curl" },
}
test_dependencies = { "busted" }
test = { type = "busted" }
build = {
  type = "make",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA_BIN = "$(LUA)",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CURL_CFLAGS = "-I$(CURL_INCDIR)",
    CURL_LIBS = "-L$(CURL_LIBDIR) -lcurl",
  },
  install_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA_BIN = "$(LUA)",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CURL_CFLAGS = "-I$(CURL_INCDIR)",
    CURL_LIBS = "-L$(CURL_LIBDIR) -lcurl",
    PREFIX = "$(PREFIX)",     -- of the rock: it writes nowhere else
    LMOD_DIR = "$(LUADIR)",
    CMOD_DIR = "$(LIBDIR)",
    BIN_DIR = "$(BINDIR)",
    MAN_DIR = "",     -- it is among the documents
  },
  -- What belongs to the rock beside what the Makefile installs.
  copy_directories = { "doc", "examples", "types" },
}
