--- Licence insights from Microsoft Partner Center as Lua tables.
-- SPDX-License-Identifier: MIT
-- @module partnercenter
-- @usage local partnercenter = require "partnercenter"

local core = require "partnercenter.core"
local version = require "partnercenter.version"

-- A C module of another version that lies elsewhere on package.cpath would
-- misbehave in ways that are hard to tell.
if core.version ~= version then
  error(("partnercenter %s has found partnercenter.so %s: remove the stale one from package.cpath")
    :format(version, core.version))
end

local check = require("partnercenter.util").check
local client = require "partnercenter.client"
local datetime = require("partnercenter.util").datetime
local errors = require "partnercenter.errors"

local M = {}

--- The version, such as "0.1.0".
M.version = version

--- What stands for a JSON null: the very value of `cjson.null` and `ngx.null`.
M.null = core.null

--- Ways to sign in.
-- @see partnercenter.sign_in.credentials
M.credentials = require("partnercenter.sign_in").credentials

--- Conditions on rows.
-- @see partnercenter.filters
M.filter = require "partnercenter.filters"

--- Summaries over rows.
-- @see partnercenter.insights
M.insights = require "partnercenter.insights"

--- CSV and TSV as rows.
-- @see partnercenter.csv
M.csv = require "partnercenter.csv"

--- Where sign-ins, insights and what is known of a quota are shared.
-- @see partnercenter.store
M.store = require "partnercenter.store"

--- Decode a JSON text.
-- @function decode
-- @see partnercenter.core.decode
M.decode = core.decode

--- Seconds since the epoch of a date in any form that the service writes; without a
-- zone it is UTC.
-- @function datetime
-- @param value the text; null and absent fields are allowed
-- @treturn[1] number seconds; negative before 1970
-- @treturn[2] nil the service's way to say "never": day one of year one
-- @treturn[3] nil
-- @treturn[3] string what is wrong with the text
M.datetime = datetime.parse

--- Is the value a GUID in the form 8-4-4-4-12? For ids that come from outside,
-- since `by_id` raises for others.
-- @function is_guid
-- @param text any value
-- @treturn boolean
M.is_guid = check.guid

--- Calls a function; an error object that it raises, as iterators do, is raised as its
-- line. For programs whose errors nobody catches: PUC Lua 5.1 and nginx show what is no
-- text as "(error object is not a string)" and "unknown reason".
-- @function run
-- @tparam function f
-- @param ... its arguments
-- @return what f returns
-- @raise what f raises, as a text where it is an error object
-- @usage partnercenter.run(function()
--   for customer in partner.customers:each() do print(customer.id) end
-- end)
M.run = errors.run

--- A client for one partner tenant. Creating it sends nothing.
-- @tparam table options
-- @tparam Credentials options.credentials how to sign in
-- @tparam[opt="global"] string options.cloud `"global"`, `"china"` or
--   `"us_government"`
-- @tparam[opt] string options.base_url instead of the cloud's
-- @tparam[opt] string options.authority of sign-in instead of the cloud's
-- @tparam[opt="/partner/v1"] string options.commercial_prefix `"/v1"`: the other
--   documented place of `analytics.commercial`
-- @tparam[opt="en-US"] string options.locale language of names
-- @tparam[opt] string options.application your application's name, for support
-- @tparam[opt] string options.correlation_id a GUID for all calls; else a new
--   one for each
-- @tparam[opt=10] number options.connect_timeout seconds for name, TCP and TLS
-- @tparam[opt=180] number options.timeout seconds for one attempt; for rows that
--   are read one by one, the longest silence
-- @tparam[opt] number options.deadline seconds for a whole call, with its
--   retries and waits
-- @tparam[opt=4] number options.retries tries after the first
-- @tparam[opt=300] number options.max_retry_after seconds; a longer announced
--   wait is an error at once
-- @tparam[opt] number options.concurrency calls in flight at most, whoever makes
--   them; without it as many as the service and the loop take, 1,000 at most
-- @tparam[opt] number options.requests_per_minute at most
-- @tparam[opt] Store options.store of `partnercenter.store`: what is known of the quota
--   is shared there with all who ask for the same account, `requests_per_minute` included
-- @tparam[opt=268435456] number options.max_body bytes, after decompression
-- @tparam[opt=10000] number options.max_pages of one walk
-- @tparam[opt=false] boolean options.nulls keep JSON null as `null`
-- @tparam[opt] table options.array_mt metatable for every array of an answer, the rows of a
--   page and of `all` among them: `cjson.array_mt`, where lua-cjson has one, and an empty one
--   is encoded as `[]`
-- @tparam[opt] function options.on_event gets a table for each request,
--   response, retry, throttled, token, page, store
-- @tparam[opt] string options.ca_file PEM file of the trusted authorities; else the
--   environment's CURL_CA_BUNDLE or SSL_CERT_FILE, else the system's
-- @tparam[opt] string options.proxy `http://user:password@host:port`; else the
--   environment's
-- @tparam[opt] string options.no_proxy hosts reached directly, comma separated; else
--   the environment's and this machine itself. A plain http:// address always is
-- @tparam[opt] string options.unix_socket path to connect to instead of a host
-- @tparam[opt] string options.http_version `"1.1"` to never offer HTTP/2
-- @tparam[opt] string|table options.loop `"block"`, `"cqueues"`, `"luv"`,
--   `"ngx"`, or a loop; else found at each call
-- @tparam[opt] function options.clock steady seconds; for tests
-- @tparam[opt] function options.time seconds since the epoch; for tests
-- @tparam[opt] function options.random from 0 to 1; for tests
-- @treturn[1] Client
-- @treturn[2] nil
-- @treturn[2] Error kind config: the system refused a descriptor, or the proxy, of
--   the option or the environment, is none
-- @raise an unknown or wrong option; the message names it
function M.new(options)
  return client.new(options, 2)
end

return M
