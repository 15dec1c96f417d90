-- The library runs unchanged on 5.1, LuaJIT, 5.3 and 5.4.
std = "min"
self = false       -- a method need not use what it belongs to
max_line_length = 100
exclude_files = { "build" }
files["lua/partnercenter/loop/ngx.lua"] = { std = "min+ngx_lua" }
files["lua/partnercenter/loop/ngx_reader.lua"] = { std = "min+ngx_lua" }
files["lua/partnercenter/ngx"] = { std = "min+ngx_lua" }
files["lua/partnercenter/store"] = { std = "min+ngx_lua" }
files["lua/partnercenter/cli"] = { std = "max" }
files["bin"] = { std = "max" }
files["spec"] = { std = "max+busted" }
files["spec/chaos/answers.lua"] = { std = "max+ngx_lua" }
files["spec/chaos/files.lua"] = { std = "max+ngx_lua" }
files["spec/chaos/drivers/nginx.lua"] = { std = "max+ngx_lua" }
files["examples"] = { std = "max" }
files["examples/sandbox"] = { std = "ngx_lua" }
files["examples/openresty"] = { std = "ngx_lua" }
files["bench"] = { std = "max" }
files["bench/openresty"] = { std = "max+ngx_lua" }
-- Functions without a body, and types that take the width they need.
files["types"] = { max_line_length = false, ignore = { "212", "241", "431" } }
files["tools"] = { std = "max" }
-- Stubs for editors: nothing in them is run.
files["types"] = { unused = false, redefined = false, max_line_length = false }
