---@meta partnercenter
-- What the Lua language server shows and checks in an editor: every option, row,
-- page, event and error, by name and type. Point `workspace.library` at this
-- directory. Nothing loads it at run time; spec/documents/types_spec.lua holds it to the
-- module in both directions.
-- SPDX-License-Identifier: MIT

--- The module.
---@class partnercenter
---@field version string such as "0.1.0"
---@field null lightuserdata a JSON null; the value of `cjson.null` and `ngx.null`
---@field credentials partnercenter.credentials
---@field filter partnercenter.filter
---@field insights partnercenter.insights
---@field csv partnercenter.csv
---@field store partnercenter.store
local partnercenter = {}

--- A client for one partner tenant. Creating it sends nothing.
---@param options partnercenter.Options
---@return partnercenter.Client? client
---@return partnercenter.Error? err
function partnercenter.new(options) end

--- A JSON text as a Lua value.
---@param text string
---@param options? partnercenter.DecodeOptions
---@return any value
---@return string? message
---@return integer? offset of the wrong byte, from 1
function partnercenter.decode(text, options) end

--- Seconds since the epoch of a date in any form that the service writes; nil
--- for the one that stands for "never", nil and why for what is no date.
---@param value any
---@return number? seconds
---@return string? why
function partnercenter.datetime(value) end

--- Calls a function; an error object that it raises is raised as its line.
---@param f fun(...): ...
---@param ... any
---@return any ...
function partnercenter.run(f, ...) end

--- Is the value a GUID in the form 8-4-4-4-12?
---@param text any
---@return boolean
function partnercenter.is_guid(text) end

---@class partnercenter.DecodeOptions
---@field nulls? boolean keep null members as `partnercenter.null`
---@field max_depth? integer default 128
---@field array_mt? table metatable of arrays

---@alias partnercenter.Cloud "global"|"china"|"us_government"
---@alias partnercenter.LoopName "block"|"cqueues"|"luv"|"ngx"

--- What single calls can have of their own: the options of `with`.
---@class partnercenter.CallOptions
---@field correlation_id? string a GUID for all calls
---@field locale? string language of names; default "en-US"
---@field application? string your application's name, for support
---@field timeout? number seconds for one attempt; default 180
---@field deadline? number seconds for a whole call
---@field retries? integer tries after the first; default 4
---@field max_retry_after? number seconds; default 300
---@field max_body? integer bytes after decompression; default 256 MiB
---@field nulls? boolean keep JSON null as `partnercenter.null`
---@field array_mt? table metatable for the rows of a page, such as cjson.array_mt
---@field on_event? fun(event: partnercenter.Event)

--- The options of `new`.
---@class partnercenter.Options : partnercenter.CallOptions
---@field credentials partnercenter.Credentials how to sign in
---@field cloud? partnercenter.Cloud default "global"
---@field base_url? string in place of the cloud's
---@field authority? string of sign-in, in place of the cloud's
---@field commercial_prefix? "/partner/v1"|"/v1" where `analytics.commercial` is asked for
---@field connect_timeout? number seconds for name, TCP and TLS, once a connection is free; default 10
---@field concurrency? integer calls in flight at most; default: as many as the service takes, 1,000 at most
---@field requests_per_minute? integer at most
---@field store? partnercenter.Store what is known of the quota is shared there
---@field max_pages? integer of one walk; default 10000
---@field ca_file? string PEM file of the trusted authorities
---@field proxy? string URL; else the environment's
---@field no_proxy? string hosts reached directly, comma separated
---@field unix_socket? string path to connect to in place of a host
---@field http_version? "1.1"|"2" "1.1" to never offer HTTP/2
---@field loop? partnercenter.LoopName|table else found at each call
---@field clock? fun(): number steady seconds; for tests
---@field time? fun(): number seconds since the epoch; for tests
---@field random? fun(): number from 0 to 1; for tests

---@class partnercenter.RequestOptions
---@field path string starts with a slash
---@field query? table<string, string|number|boolean|(string|number|boolean)[]> not encoded
---@field headers? table<string, string>
---@field method? "GET"|"POST"|"PUT"|"PATCH"|"DELETE" all but GET are sent once
---@field body? table|string written as JSON; a text is sent as it is
---@field paging? "skip"|"links" default "skip"

---@class partnercenter.MapOptions
---@field concurrency? integer elements under way at most; default 16, or what the client was given
---@field on_progress? fun(done: integer, total: integer?, in_flight: integer, throttled: boolean)

--- The fourth value of `each` and `map`: closes what is under way. Who waits in
--- the iterator meanwhile gets an error of kind "cancelled".
---@class partnercenter.Closer
---@field close fun(self?: partnercenter.Closer) any number of times

--- A client. Its fields are the resources, by the URL's own path.
---@class partnercenter.Client
---@field reports partnercenter.Reports
---@field customers partnercenter.CustomersNode
---@field analytics partnercenter.AnalyticsNode
---@field profiles partnercenter.ProfilesNode
---@field partnerRequests partnercenter.PartnerRequestsNode
---@field nonMfaCompliantPartnerPrincipals partnercenter.NonMfaPrincipalsNode
---@field applicationmfaadoptionstatus partnercenter.MfaAdoptionsNode
local Client = {}

--- The same client for calls with other settings.
---@param options partnercenter.CallOptions
---@return partnercenter.Client
function Client:with(options) end

--- Any other call of the API, with the same verbs.
---@param options partnercenter.RequestOptions
---@return partnercenter.RequestNode
function Client:request(options) end

--- Calls a function for each element, side by side. The iterator gives the
--- element and what the function returned, in the order of completion.
---@generic T
---@param input T[]|fun(...): T?
---@param fn fun(element: T, ...): ...
---@param options? partnercenter.MapOptions
---@return fun(...): T?, ...
---@return nil
---@return nil
---@return partnercenter.Closer
function Client:map(input, fn, options) end

---@alias partnercenter.LicenceSource "subscriptions"|"skus"|"deployment"|"usage"

---@class partnercenter.LicencesOptions
---@field sources? partnercenter.LicenceSource[] default: all
---@field provisioning? boolean ask what each subscription provisioned
---@field offer_matrix? string|partnercenter.OfferMatrix|table[]
---@field price_list? string|partnercenter.PriceList|table[]
---@field known? table<string, table<string, table[]>> by source, of `insights.by_customer`

---@class partnercenter.Licences
---@field items partnercenter.Licence[]
---@field failures table<string, partnercenter.Error> by source
---@field customerId string
---@field customerName? string

--- All that is known of a customer's licences, one row for a product.
---@param customer string|table
---@param options? partnercenter.LicencesOptions
---@return partnercenter.Licences? licences
---@return partnercenter.Error? err
function Client:licences(customer, options) end

---@class partnercenter.MfaStatus
---@field compliant? boolean nil: the service did not say
---@field in_token boolean the token names the second factor
---@field user? string
---@field tenant? string
---@field application? string
---@field advice string what to do, one line
---@field request_id string
---@field correlation_id string

--- Whether Partner Center finds the second factor in the token.
---@return partnercenter.MfaStatus? status
---@return partnercenter.Error? err
function Client:mfa_status() end

--- Ends what is under way with the kind "cancelled", and gives everything back.
--- What is asked for afterwards fails with the kind "closed".
function Client:close() end

--- Facts about an answer: the second value of `get`.
---@class partnercenter.Facts
---@field status integer
---@field request_id string
---@field correlation_id string
---@field ms_cv? string
---@field server_id? string
---@field mfa_compliant? boolean the answer to the header ValidateMfa
---@field continuation_token? string the header MS-ContinuationToken
---@field link? string the header Link
---@field attempts integer requests sent for the call
---@field timings partnercenter.Timings

--- Seconds since the start, and how.
---@class partnercenter.Timings
---@field name_lookup number
---@field connect number
---@field tls number
---@field first_byte number
---@field total number
---@field bytes number of the body, as sent
---@field reused boolean the connection was there already
---@field http string version

---@alias partnercenter.ErrorKind
---| "config" a wrong setting that only the call could show
---| "sign_in" no token, or one that is refused
---| "forbidden" status 403
---| "not_found" status 404
---| "throttled" status 429
---| "http" any other status that is no success
---| "network" no answer, or one that broke off
---| "tls" no trust
---| "timeout" too late
---| "protocol" an answer that makes no sense
---| "cancelled" the iterator or the client was closed meanwhile
---| "closed" the client was closed before

--- An expected failure: the second value of a call, or what an iterator raises.
--- As text it is one line: what failed, why, what to do.
---@class partnercenter.Error
---@field kind partnercenter.ErrorKind
---@field message string
---@field status? integer of the answer
---@field code? integer the service's own
---@field description? string the service's words
---@field source? string which part of the service failed
---@field data? any[] the service's details
---@field error? string the token endpoint's, such as "invalid_grant"
---@field claims? string JSON text, for the option claims of the next sign-in
---@field suberror? string
---@field error_codes? integer[]
---@field request_id? string
---@field correlation_id? string
---@field ms_cv? string
---@field server_id? string
---@field retry_after? number seconds that the answer asks to wait
---@field attempts? integer requests sent for the call
---@field url? string of the last request
---@field body? string of the answer, its first 4 KiB
---@field retryable boolean whether the same call may succeed later
---@field cause? partnercenter.Error the error behind this one

---@alias partnercenter.EventName
---| "request"
---| "response"
---| "retry"
---| "throttled"
---| "token"
---| "page"
---| "store"

--- What `on_event` gets.
---@class partnercenter.Event
---@field name partnercenter.EventName
---@field time number seconds since the epoch
---@field resource? string
---@field method? string
---@field url? string
---@field request_id? string
---@field correlation_id? string
---@field attempts? integer
---@field status? integer
---@field error? partnercenter.ErrorKind
---@field ms_cv? string
---@field server_id? string
---@field timings? partnercenter.Timings
---@field seconds? number until the next try
---@field retry_after? number seconds that the answer asks to wait
---@field concurrency? integer calls in flight from now on
---@field page? integer from 1
---@field rows? integer of the page
---@field total? integer what the answer counts
---@field credentials? string the way to sign in
---@field expires_in? number seconds
---@field store? string the kind of the store that was not to be had
---@field operation? string what it was asked for: "sign_in", "quota"
---@field reason? string why not

--- Where sign-ins, insights and what is known of a quota are shared.
---@class partnercenter.store
local store = {}
partnercenter.store = store

---@class partnercenter.MemoryStoreOptions
---@field max_entries? integer default 10,000
---@field clock? fun(): number steady seconds; for tests

--- Values of this Lua state alone.
---@param options? partnercenter.MemoryStoreOptions
---@return partnercenter.Store
function store.memory(options) end

--- Values in files of a directory, for the processes of one machine.
---@param path string the directory, which must exist
---@return partnercenter.Store
function store.file(path) end

--- Values in a shared dictionary, for the workers of one nginx.
---@param dict string|table
---@return partnercenter.Store
function store.dictionary(dict) end

---@class partnercenter.RedisOptions
---@field url string `redis://user:password@host:port/database` or `rediss://`
---@field password? string in place of the URL's
---@field unix_socket? string path, in place of host and port
---@field prefix? string default "partnercenter:"
---@field timeout? number seconds, default 0.25
---@field ca_file? string PEM file of the trusted authorities, for scripts
---@field pool? integer connections that a worker of nginx keeps, default 32

--- Values in Redis, for a fleet.
---@param options string|partnercenter.RedisOptions the URL alone is fine
---@return partnercenter.Store
function store.redis(options) end

--- Is the value a store?
---@param value any
---@return boolean
function store.is(value) end

--- A clock that all who share a store have: its server's, where it has one.
---@param store partnercenter.Store
---@param time fun(): number
---@return fun(): number
function store.clock(store, time) end

--- Wait until what was written outlives the store's server, where that has replicas.
---@param store partnercenter.Store
---@return true? settled
---@return string? why
function store.settle(store) end

--- Tells the secrets of a store, for a register that masks them.
---@param self partnercenter.Store
---@param secret fun(text: string)
function store.note(self, secret) end

--- Each method gives nil and why for what a server does.
---@class partnercenter.Store
---@field kind "memory"|"file"|"dictionary"|"redis"
local Store = {}

---@param key string
---@return string? text
---@return string? why
function Store:get(key) end

---@param key string
---@param text string any bytes
---@param seconds? number
---@return true? kept
---@return string? why
function Store:set(key, text, seconds) end

--- Only where there is none: a lock, whose text is its owner.
---@param key string
---@param text string
---@param seconds? number
---@return boolean? kept
---@return string? why
function Store:add(key, text, seconds) end

--- Only in the place of what is still there.
---@param key string
---@param old string
---@param text string
---@param seconds? number
---@return boolean? kept
---@return string? why
function Store:replace(key, old, text, seconds) end

---@param key string
---@param owner? string only where this is the text
---@return boolean? deleted
---@return string? why
function Store:delete(key, owner) end

---@param key string
---@param by? integer default 1
---@param seconds? number
---@return integer? now
---@return string? why
function Store:incr(key, by, seconds) end

--- The ways to sign in.
---@class partnercenter.credentials
local credentials = {}
partnercenter.credentials = credentials

--- What a way to sign in gives, for the option `credentials`. Nothing can be read
--- from it.
---@class partnercenter.Credentials

---@class partnercenter.EntraOptions
---@field tenant string the partner's tenant, a GUID or a domain name
---@field client_id string the application's id, a GUID
---@field version? 1|2 of the token endpoint; default 2
---@field scope? string what the tokens are for (version 2)
---@field resource? string what the tokens are for (version 1)

---@class partnercenter.CertificateFiles
---@field certificate string path of a PEM file
---@field key string path of a PEM file

---@class partnercenter.RefreshTokenOptions : partnercenter.EntraOptions
---@field refresh_token string|fun(): string?, any
---@field client_secret? string
---@field client_assertion? string|fun(audience: string): string?, any
---@field client_certificate? partnercenter.CertificateFiles
---@field on_rotate? fun(new_token: string): any, any

--- App+User: the refresh token of a person who has signed in before.
---@param options partnercenter.RefreshTokenOptions
---@return partnercenter.Credentials
function credentials.refresh_token(options) end

---@class partnercenter.DeviceCodeOptions
---@field tenant string the partner's tenant, a GUID or a domain name
---@field client_id string the application's id, a GUID
---@field scope? string what the tokens are for
---@field claims? string JSON text of an error's `claims`
---@field on_prompt fun(message: string, details: partnercenter.DeviceCodeDetails): any, any
---@field on_rotate? fun(new_token: string): any, any

---@class partnercenter.DeviceCodeDetails
---@field user_code string
---@field verification_uri string
---@field expires_in number seconds
---@field interval number seconds
---@field message string one line

--- App+User: a person opens a page and types a code.
---@param options partnercenter.DeviceCodeOptions
---@return partnercenter.Credentials
function credentials.device_code(options) end

---@class partnercenter.AuthorizationCodeOptions : partnercenter.EntraOptions
---@field code string
---@field redirect_uri string
---@field code_verifier? string of `pkce`
---@field claims? string as given to `authorize_url`
---@field client_secret? string
---@field client_assertion? string|fun(audience: string): string?, any
---@field client_certificate? partnercenter.CertificateFiles
---@field on_rotate? fun(new_token: string): any, any

--- App+User: the code that a person has come back with.
---@param options partnercenter.AuthorizationCodeOptions
---@return partnercenter.Credentials
function credentials.authorization_code(options) end

---@class partnercenter.ClientSecretOptions : partnercenter.EntraOptions
---@field client_secret string
---@field client_certificate? partnercenter.CertificateFiles in place of the secret

---@class partnercenter.ClientCertificateOptions : partnercenter.EntraOptions
---@field client_certificate partnercenter.CertificateFiles

--- App-only, with a secret or a certificate.
---@param options partnercenter.ClientSecretOptions|partnercenter.ClientCertificateOptions
---@return partnercenter.Credentials
function credentials.client_secret(options) end

---@class partnercenter.ClientAssertionOptions : partnercenter.EntraOptions
---@field assertion string|fun(audience: string): string?, any

--- App-only, with an assertion that the caller signs.
---@param options partnercenter.ClientAssertionOptions
---@return partnercenter.Credentials
function credentials.client_assertion(options) end

--- An access token from elsewhere, and when it expires.
---@param source string|fun(rejected: string?): string?, any
---@return partnercenter.Credentials
function credentials.token(source) end

--- The refresh token of other credentials kept in a file.
---@param path string
---@param credentials partnercenter.Credentials
---@return partnercenter.Credentials
function credentials.file(path, credentials) end

---@class partnercenter.SharedOptions
---@field store partnercenter.Store
---@field credentials partnercenter.Credentials how to sign in, when it has to be
---@field name? string tells sign-ins of different people apart
---@field key? string encrypts what is kept: 32 bytes, or 64 hexadecimal digits
---@field lease? number seconds, default 30

--- One sign-in for all that use the same store.
---@param options partnercenter.SharedOptions
---@return partnercenter.Credentials
function credentials.shared(options) end

---@class partnercenter.AuthorizeUrlOptions : partnercenter.EntraOptions
---@field redirect_uri string
---@field state string
---@field code_challenge? string of `pkce`
---@field code_challenge_method? "S256"|"plain"
---@field response_mode? "query"|"form_post"
---@field prompt? string
---@field login_hint? string
---@field domain_hint? string the person's domain name
---@field claims? string JSON text of an error's `claims`
---@field cloud? partnercenter.Cloud
---@field authority? string

--- The address of the page where a person signs in.
---@param options partnercenter.AuthorizeUrlOptions
---@return string
function credentials.authorize_url(options) end

---@class partnercenter.Pkce
---@field code_verifier string
---@field code_challenge string
---@field code_challenge_method string

--- A fresh secret for one sign-in.
---@return partnercenter.Pkce
function credentials.pkce() end

--- Conditions on rows.
---@class partnercenter.filter
local filter = {}
partnercenter.filter = filter

--- A condition: its text is what the service gets, a call decides on a row.
---@class partnercenter.Filter
---@operator call(table): boolean

--- A point in time to compare with.
---@class partnercenter.FilterDate

--- What an endpoint documents: operators per field.
---@class partnercenter.FilterCapabilities
---@field dates? boolean it takes dates
---@field numbers? boolean it takes numbers
---@field json? boolean it takes one `starts_with`, as JSON
---@field [string] string[]|table<string, boolean>|boolean

---@param value string|number
---@return partnercenter.FilterDate
function filter.date(value) end

---@param field string
---@param value string|number|boolean|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.eq(field, value) end

---@param field string
---@param value string|number|boolean|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.ne(field, value) end

---@param field string
---@param value string|number|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.gt(field, value) end

---@param field string
---@param value string|number|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.ge(field, value) end

---@param field string
---@param value string|number|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.lt(field, value) end

---@param field string
---@param value string|number|partnercenter.FilterDate
---@return partnercenter.Filter
function filter.le(field, value) end

---@param field string
---@param text string
---@return partnercenter.Filter
function filter.contains(field, text) end

---@param field string
---@param text string
---@return partnercenter.Filter
function filter.starts_with(field, text) end

---@param expressions partnercenter.Filter[]
---@return partnercenter.Filter
function filter.all(expressions) end

---@param expressions partnercenter.Filter[]
---@return partnercenter.Filter
function filter.any(expressions) end

---@param expression partnercenter.Filter
---@return partnercenter.Filter
function filter.negate(expression) end

---@param value any
---@return boolean
function filter.is(value) end

--- What the endpoint takes, and the rest.
---@param expression partnercenter.Filter
---@param capabilities? partnercenter.FilterCapabilities
---@param level? integer
---@return partnercenter.Filter? remote
---@return partnercenter.Filter? here
function filter.split(expression, capabilities, level) end

--- The fields that an expression asks for, each once.
---@param expression partnercenter.Filter
---@return string[]
function filter.fields(expression) end

---@param expression partnercenter.Filter
---@param capabilities? partnercenter.FilterCapabilities
---@return string
function filter.to_odata(expression, capabilities) end

---@param expression partnercenter.Filter
---@return string
function filter.to_json(expression) end

--- The same expression over fields of other names.
---@param expression partnercenter.Filter
---@param name_of fun(field: string): string
---@return partnercenter.Filter
function filter.rename(expression, name_of) end

--- The plain conditions that it joins, its negations pushed inwards.
---@param expression partnercenter.Filter
---@return table[]
function filter.conditions(expression) end

--- CSV and TSV as rows.
---@class partnercenter.csv
local csv = {}
partnercenter.csv = csv

---@class partnercenter.CsvOptions
---@field separator? string one character; default ","
---@field arrays? boolean rows are arrays
---@field headings? boolean the first line has the names; default true
---@field nulls? boolean keep empty numbers and dates as `partnercenter.null`
---@field numbers? string[]|integer[] columns that become numbers
---@field dates? string[]|integer[] columns that become seconds since the epoch
---@field max_field? integer bytes; default 1 MiB
---@field max_line? integer bytes; default 16 MiB
---@field max_columns? integer default 1024

--- A decoder of the core, for pieces: `partnercenter.core.csv`. Each of `feed` and `finish`
--- gives true, or nil and what is wrong: message, line, byte in it, column.
---@class partnercenter.CsvDecoder
local CsvDecoder = {}

---@param piece string
---@return boolean? ok
---@return string? message
---@return integer? line
---@return integer? byte
---@return string|integer|nil column
function CsvDecoder:feed(piece) end

---@return boolean? ok
---@return string? message
---@return integer? line
---@return integer? byte
---@return string|integer|nil column
function CsvDecoder:finish() end

--- The next row: true and it; false when more bytes are due; nil at the end, or with what
--- is wrong.
---@return boolean? there
---@return table|string|nil row or message
---@return integer? line
---@return integer? byte
---@return string|integer|nil column
function CsvDecoder:next() end

--- The rows that are whole by now, each once.
---@return table[]
function CsvDecoder:rows() end

---@return string[]? names nil before the first line
function CsvDecoder:headings() end

function CsvDecoder:close() end

---@param options? partnercenter.CsvOptions
---@return partnercenter.CsvDecoder
function csv.decoder(options) end

---@param decoder partnercenter.CsvDecoder
---@param message string
---@param line integer
---@param byte integer
---@param column string|integer
---@return partnercenter.Error
function csv.failure(decoder, message, line, byte, column) end

---The error of a first line that has no names of columns, or nil.
---@param headings string[]
---@param separator? string that the caller has given
---@return partnercenter.Error? err
function csv.check_headings(headings, separator) end

--- The rows of a text in pieces: an open file, or a function that gives them.
---@param source file*|fun(): string?
---@param options? partnercenter.CsvOptions
---@return fun(): table?
function csv.each(source, options) end

--- The rows of a whole text.
---@param text string
---@param options? partnercenter.CsvOptions
---@return table[]? rows
---@return string[]|partnercenter.Error|nil headings or the error
function csv.decode(text, options) end

--- What is wanted of a report.
---@class partnercenter.ReportWanted
---@field dataset? string
---@field columns? string[]
---@field where? partnercenter.Filter
---@field order? string|string[]
---@field limit? integer
---@field distinct? boolean
---@field timespan? string
---@field query? string
---@field system? string
---@field query_id? string
---@field from? string|number
---@field to? string|number
---@field where_here? partnercenter.Filter
---@field numbers? string[]
---@field dates? string[]
---@field nulls? boolean
---@field duplicates? boolean
---@field format? "csv"|"tsv"
---@field name? string
---@field description? string
---@field wait? number seconds; default 21600
---@field on_wait? fun(state: string, seconds: number)

---@class partnercenter.ReportSchedule : partnercenter.ReportWanted
---@field start string|number
---@field interval integer hours
---@field count? integer
---@field callback_url? string
---@field callback_method? "GET"|"POST"

--- What a loop over a report leaves by.
---@class partnercenter.ReportCloser : partnercenter.Closer
---@field headings fun(): string[]? the columns in their order; nil before the first row

---@class partnercenter.Report
---@field id string
local Report = {}

---@return string? state
---@return table|partnercenter.Error|nil run
function Report:status() end

---@param seconds? number
---@param on_wait? fun(state: string, seconds: number)
---@return table? run
---@return partnercenter.Error? err
function Report:wait(seconds, on_wait) end

---@return table[]? runs
---@return partnercenter.Error? err
function Report:executions() end

---@param options? { numbers: string[]?, dates: string[]?, nulls: boolean?, where_here: partnercenter.Filter?, duplicates: boolean?, seen: table<string, boolean>?, on_run: fun(run: table)? }
---@return fun(): table?
---@return nil
---@return nil
---@return partnercenter.ReportCloser
function Report:each(options) end

---@return boolean? done
---@return partnercenter.Error? err
function Report:delete() end

--- Exports that the service makes in its own time.
---@class partnercenter.Reports
local Reports = {}

---@param what partnercenter.ReportWanted
---@return fun(): table?
---@return nil
---@return nil
---@return partnercenter.ReportCloser
function Reports:each(what) end

--- Take away the reports of loops that were left without `close`.
---@return integer? count
---@return partnercenter.Error? err
function Reports:clean_up() end

---@param what partnercenter.ReportWanted
---@return table[]? rows
---@return partnercenter.Error? err
function Reports:all(what) end

---@param what partnercenter.ReportWanted
---@return partnercenter.Report?
---@return partnercenter.Error? err
function Reports:start(what) end

---@param id string
---@return partnercenter.Report
function Reports:open(id) end

---@param what partnercenter.ReportSchedule
---@return partnercenter.Report?
---@return partnercenter.Error? err
function Reports:schedule(what) end

---@param filter? { id: string?, name: string?, query_id: string? }
---@return table[]?
---@return partnercenter.Error? err
function Reports:list(filter) end

---@param id string
---@return table?
---@return partnercenter.Error? err
function Reports:pause(id) end

---@param id string
---@return table?
---@return partnercenter.Error? err
function Reports:resume(id) end

---@param id string
---@param what partnercenter.ReportSchedule
---@return table?
---@return partnercenter.Error? err
function Reports:update(id, what) end

---@param name? string
---@return table[]|table|nil
---@return partnercenter.Error? err
function Reports:datasets(name) end

---@param system? boolean
---@return table[]?
---@return partnercenter.Error? err
function Reports:queries(system) end

--- Snapshots of rows in an SQLite file: `require "partnercenter.history"`.
---@class partnercenter.history
local history = {}

---@param path string
---@param options? { source: string? }
---@return partnercenter.History?
---@return partnercenter.Error? err
function history.open(path, options) end

---@alias partnercenter.HistoryKind "deployment"|"usage"

---@class partnercenter.History
local History = {}

---@param kind partnercenter.HistoryKind
---@param rows table[]
---@return string? day
---@return integer|string|partnercenter.Error|nil entries or why nothing was kept
function History:take(kind, rows) end

---@param kind partnercenter.HistoryKind
---@return string[]? days the oldest first
---@return partnercenter.Error? err
function History:days(kind) end

---@param kind partnercenter.HistoryKind
---@param from string a day
---@param to string a day
---@return table[]? changes
---@return partnercenter.Error? err
function History:between(kind, from, to) end

---@param kind partnercenter.HistoryKind
---@param wanted? fun(entry: table): boolean?
---@return table[]? days with the counts added up
---@return partnercenter.Error? err
function History:trend(kind, wanted) end

function History:close() end

--- Summaries over rows.
---@class partnercenter.insights
local insights = {}
partnercenter.insights = insights

---@alias partnercenter.ShareName "deployedShare"|"usedShare"
---@alias partnercenter.Rows table[]|partnercenter.Page|fun(): table?

--- A group of rows: its keys, and what was added up.
---@class partnercenter.Summary
---@field rows integer how many there were
---@field deployedShare? number licensesDeployed of licensesSold, of the rows that have both
---@field usedShare? number licensesActive of licensesQualified, of the rows that have both
---@field licensesSold? number
---@field licensesDeployed? number
---@field licensesActive? number
---@field licensesQualified? number
---@field licenseCount? number
---@field subscriptionCount? number
---@field indirectResellerCount? number
---@field quantity? number
---@field searchResultPageViews? number
---@field contactClicks? number
---@field referralCount? number
---@field profileViews? number
---@field [string] any the keys

--- The share of licences that are deployed or used, 0 to 1.
---@param row table
---@param name? partnercenter.ShareName
---@return number?
function insights.share(row, name) end

--- One row per group, counts added up, shares of the sums.
---@param rows partnercenter.Rows
---@param keys? string[]|string
---@return partnercenter.Summary[]
function insights.summarize(rows, keys) end

--- The rows in order.
---@param rows partnercenter.Rows
---@param key string|fun(row: table): any
---@param direction? "asc"|"desc"
---@return table[]
function insights.sort(rows, key, direction) end

--- The rows whose share is below a threshold.
---@param rows partnercenter.Rows
---@param share number 0 to 1
---@param name? partnercenter.ShareName
---@return table[]
function insights.below(rows, share, name) end

---@class partnercenter.PriceList
---@field count integer prices
---@field left_out integer rows that are no price here

---@class partnercenter.OfferMatrix

--- A subscription that runs, in a row's `renewals`.
---@class partnercenter.Renewal
---@field subscriptionId? string
---@field offerName? string
---@field offerId? string
---@field ends? string a day; absent where there is no end
---@field renews? boolean
---@field trial boolean
---@field quantity? number
---@field next_quantity? number seats of the next term
---@field cancellable_until? string
---@field term? string
---@field next_term? string

---@class partnercenter.Workload
---@field workloadName string
---@field active? number
---@field qualified? number

--- A product of a customer, from all sources that know something of it.
---@class partnercenter.Licence
---@field customerId? string
---@field customerName? string
---@field productId? string of the SKU
---@field productName? string
---@field skuPartNumber? string
---@field licenseGroupId? string
---@field offerId? string
---@field sources table<string, string> where each number is from
---@field sold? number
---@field trial_seats? number
---@field trial? boolean
---@field renews_on? string a day
---@field auto_renews? boolean
---@field term? string
---@field status? string
---@field renewals? partnercenter.Renewal[]
---@field total? number
---@field assigned? number
---@field available? number
---@field unassigned? number
---@field warning? number
---@field suspended? number
---@field capability? string
---@field deployed? number
---@field insights_sold? number
---@field deployed_on? string a day
---@field active? number
---@field workloads? partnercenter.Workload[]
---@field active_on? string a day
---@field price? number of a seat, a month
---@field currency? string
---@field cost_of_unassigned? number a month

---@class partnercenter.LicenceSources
---@field subscriptions? partnercenter.Rows
---@field skus? partnercenter.Rows
---@field deployment? partnercenter.Rows
---@field usage? partnercenter.Rows
---@field provisioning? table<string, table|string> by subscription
---@field offer_matrix? string|partnercenter.OfferMatrix|table[]
---@field price_list? string|partnercenter.PriceList|table[]
---@field customer? string|table whose rows these are

--- One row for a customer's product, from all sources.
---@param sources partnercenter.LicenceSources
---@return partnercenter.Licence[]? rows
---@return partnercenter.Error? err
function insights.licences(sources) end

--- Rows by the customer.
---@param rows partnercenter.Rows
---@return table<string, table[]>
function insights.by_customer(rows) end

---@class partnercenter.Ending : partnercenter.Renewal
---@field customerId? string
---@field customerName? string
---@field productId? string
---@field productName? string
---@field skuPartNumber? string
---@field days integer until it ends
---@field assigned? number
---@field unassigned? number now
---@field unassigned_then? number after that day
---@field price? number
---@field currency? string

--- What ends or renews within some days.
---@param rows partnercenter.Rows
---@param days number
---@param now? number seconds since the epoch
---@return partnercenter.Ending[]
function insights.renewing(rows, days, now) end

--- A price list, read once.
---@param source string|table[]
---@param options? { currency: string?, market: string?, segment: string? }
---@return partnercenter.PriceList? list
---@return partnercenter.Error? err
function insights.price_list(source, options) end

--- The offer matrix, read once.
---@param source string|table[]
---@return partnercenter.OfferMatrix? matrix
---@return partnercenter.Error? err
function insights.offer_matrix(source) end

-- Rows

---@class partnercenter.Attributes
---@field etag? string
---@field objectType string

---@class partnercenter.Link
---@field uri string
---@field method string
---@field headers partnercenter.LinkHeader[]

---@class partnercenter.LinkHeader
---@field key string
---@field value string

---@class partnercenter.Links
---@field self? partnercenter.Link
---@field next? partnercenter.Link

---@class partnercenter.CompanyProfile
---@field tenantId string
---@field domain string
---@field companyName string
---@field organizationRegistrationNumber? string
---@field links? partnercenter.Links
---@field attributes partnercenter.Attributes

---@class partnercenter.Customer
---@field id string the tenant, a GUID
---@field commerceId? string
---@field companyProfile partnercenter.CompanyProfile
---@field relationshipToPartner string such as "reseller"
---@field allowDelegatedAccess? boolean of `by_id` alone
---@field customDomains? string[]
---@field associatedPartnerId? string
---@field links? partnercenter.Links
---@field attributes partnercenter.Attributes

---@class partnercenter.CustomerDeployment
---@field customerId? string
---@field customerName string
---@field productName string
---@field serviceCode? string
---@field serviceName string the code, such as "o365"
---@field channel string
---@field licensesDeployed integer
---@field licensesSold integer
---@field deploymentPercent number of no documented unit; 0 to 1 from the commercial source
---@field processedDateTime string
---@field attributes partnercenter.Attributes

---@class partnercenter.CustomerUsage
---@field customerId? string
---@field customerName string
---@field productName string
---@field serviceCode? string
---@field serviceName string the code, such as "o365"
---@field channel string
---@field workloadCode? string
---@field workloadName string
---@field licensesActive integer
---@field licensesQualified integer
---@field usagePercent number of no documented unit; 0 to 1 from the commercial source
---@field processedDateTime string
---@field attributes partnercenter.Attributes

---@class partnercenter.ProductSku
---@field id string
---@field name string
---@field skuPartNumber string
---@field targetType string
---@field licenseGroupId string

---@class partnercenter.SubscribedSku
---@field activeUnits integer
---@field availableUnits integer
---@field consumedUnits integer
---@field suspendedUnits integer
---@field totalUnits integer
---@field warningUnits integer
---@field capabilityStatus string
---@field productSku partnercenter.ProductSku
---@field servicePlans table[]
---@field attributes partnercenter.Attributes

---@class partnercenter.ProductType
---@field id string such as "OnlineServicesNCE"
---@field displayName string

---@class partnercenter.CustomerSubscription
---@field id string
---@field offerId string `productId:skuId:availabilityId`; older ones a GUID; Azure's "MS-AZR-0145P"
---@field offerName string
---@field friendlyName? string the partner's name for it
---@field entitlementId? string Azure's own id
---@field productType? partnercenter.ProductType of the new commerce
---@field quantity number seats
---@field unitType? string such as "Licenses", "Usage-based"
---@field parentSubscriptionId? string of add-ons
---@field hasPurchasableAddons? boolean
---@field creationDate string
---@field effectiveStartDate string
---@field commitmentEndDate string the last day; 9999-12-10 where there is none
---@field cancellationAllowedUntilDate? string absent or null: it cannot be cancelled
---@field billingCycleEndDate? string
---@field status string such as "active", "suspended", "deleted"
---@field suspensionReasons? string[]
---@field autoRenewEnabled boolean
---@field isTrial? boolean
---@field billingType string such as "license", "usage"
---@field billingCycle? string such as "monthly"
---@field termDuration? string P1M, P1Y or P3Y
---@field renewalTermDuration? string
---@field isMicrosoftProduct? boolean
---@field partnerId? string
---@field attentionNeeded? boolean
---@field actionTaken? boolean
---@field contractType? string
---@field publisherName? string
---@field orderId? string
---@field promotionId? string
---@field refundOptions? table[]
---@field scheduledNextTermInstructions? table `product` and `quantity` of the next term
---@field links? table
---@field attributes partnercenter.Attributes

---@class partnercenter.ProvisioningStatus
---@field skuId string the id of the SKU that it provisioned
---@field status string "success", "pending" or "failed"
---@field quantity number
---@field endDate string
---@field attributes partnercenter.Attributes

---@class partnercenter.CustomerUser
---@field id string
---@field userPrincipalName string
---@field firstName? string
---@field lastName? string
---@field displayName? string
---@field usageLocation? string without it no licence can be assigned
---@field userDomainType? string
---@field state string "active" or "inactive"
---@field phoneNumber? string
---@field immutableId? string
---@field lastDirectorySyncTime? string
---@field softDeletionTime? string from here on there are 30 days to restore it
---@field links? partnercenter.Links
---@field attributes partnercenter.Attributes

---@class partnercenter.UserSku
---@field id string
---@field name string
---@field skuPartNumber string
---@field licenseGroupId string

---@class partnercenter.UserLicense
---@field productSku partnercenter.UserSku
---@field servicePlans table[]
---@field attributes partnercenter.Attributes

---@class partnercenter.Organization
---@field id string
---@field companyName string
---@field defaultAddress table
---@field tenantId string
---@field domain string
---@field email string
---@field language string
---@field culture string
---@field profileType string
---@field links? partnercenter.Links
---@field attributes partnercenter.Attributes

---@class partnercenter.MpnProfile
---@field mpnId string
---@field profileType string
---@field links? partnercenter.Links
---@field attributes partnercenter.Attributes

--- Who holds a licence: what `holders` gives.
---@class partnercenter.Holder
---@field customerId string
---@field userId string
---@field userPrincipalName? string
---@field displayName? string
---@field state? string
---@field deleted boolean
---@field disabled boolean
---@field skuId? string
---@field skuPartNumber? string
---@field productName? string
---@field licenseGroupId? string

---@class partnercenter.PartnerRequest
---@field requestId string
---@field correlationId string
---@field operationName string
---@field requestDateTime string
---@field ipAddress string
---@field objectId string
---@field tenantId string
---@field upn string
---@field applicationId string
---@field mfaCompliant boolean

---@class partnercenter.NonMfaPrincipal
---@field objectId string
---@field tenantId string
---@field upn string
---@field lastNonMfaCompliantRequestDateTime string

---@class partnercenter.MfaAdoption
---@field loginDate string
---@field mfaCompliantRequestCount integer
---@field totalRequestCount integer
---@field applicationId string
---@field applicationName string

---@class partnercenter.PartnerDeployment
---@field serviceCode? string
---@field serviceName string
---@field channel string
---@field licensesSold integer
---@field proratedDeploymentPercent number
---@field processedDateTime string
---@field attributes partnercenter.Attributes

---@class partnercenter.PartnerUsage
---@field serviceCode? string
---@field serviceName string
---@field channel string
---@field workloadName string
---@field proratedLicensesUsagePercent number
---@field processedDateTime string
---@field attributes partnercenter.Attributes

---@class partnercenter.CommercialDeployment
---@field serviceCode string
---@field serviceName string
---@field channel string
---@field customerTenantId string a GUID in capitals
---@field customerName string
---@field productId string
---@field productName string
---@field licensesDeployed integer
---@field licensesSold integer
---@field processedDateTime string UTC, though it does not say so

---@class partnercenter.CommercialUsage
---@field workloadCode string
---@field workloadName string
---@field serviceCode string
---@field serviceName string
---@field channel string
---@field customerTenantId string a GUID in capitals
---@field customerName string
---@field productId string
---@field productName string
---@field licensesActive integer
---@field licensesQualified integer
---@field processedDateTime string UTC, though it does not say so

---@class partnercenter.Subscription
---@field customerTenantId string
---@field customerName string
---@field customerMarket string
---@field id string
---@field status string "ACTIVE", "SUSPENDED" or "DEPROVISIONED"
---@field productName string
---@field subscriptionType string letter case counts in filters
---@field autoRenewEnabled boolean
---@field partnerId string
---@field friendlyName string
---@field partnerName? string
---@field providerName? string
---@field creationDate string
---@field effectiveStartDate string
---@field commitmentEndDate? string
---@field currentStateEndDate? string
---@field trialToPaidConversionDate? string
---@field trialStartDate? string
---@field trialEndDate? string
---@field lastUsageDate? string
---@field deprovisionedDate? string
---@field lastRenewalDate? string
---@field licenseCount integer
---@field subscriptionCount? integer when grouped
---@field churnRisk? string
---@field billingCycleName? string

---@class partnercenter.AzureUsage
---@field customerTenantId string
---@field customerName string
---@field subscriptionId string
---@field subscriptionName string
---@field usageDate string
---@field resourceLocation string
---@field meterCategory string
---@field meterSubcategory string
---@field meterUnit string
---@field reservationOrderId string
---@field reservationId string
---@field consumptionMeterId string
---@field serviceType string
---@field quantity number

---@class partnercenter.IndirectReseller
---@field partnerTenantId string
---@field id string
---@field name string
---@field market string
---@field firstSubscriptionCreationDate string
---@field latestSubscriptionCreationDate string
---@field firstSubscriptionEndDate string
---@field latestSubscriptionEndDate string
---@field firstSubscriptionSuspendedDate string
---@field latestSubscriptionSuspendedDate string
---@field firstSubscriptionDeprovisionedDate string
---@field latestSubscriptionDeprovisionedDate string
---@field subscriptionCount integer
---@field licenseCount integer
---@field indirectResellerCount? number when grouped

---@class partnercenter.Referral
---@field id string
---@field status string
---@field customerMarket string
---@field customerName string
---@field customerOrgSize string
---@field acceptedDate? string
---@field acknowledgedDate? string
---@field archivedDate? string
---@field declinedDate? string
---@field expiredDate? string
---@field lostDate? string
---@field missedDate? string
---@field createdDate? string
---@field skippedDate? string
---@field wonDate? string
---@field partnerMarket string

---@class partnercenter.Search
---@field companyName string
---@field contactButtonClicked boolean
---@field detailsViewed boolean
---@field referralSubmitted boolean
---@field keywordCountry? string
---@field keywordIndustryFocus? string
---@field keywordProduct? string
---@field keywordSearchText string
---@field mpnId string|integer
---@field partnerMarket string
---@field searchDate string
---@field searchResultPageViews? integer when grouped
---@field contactClicks? integer when grouped
---@field referralCount? integer when grouped
---@field profileViews? integer when grouped

-- Pages

--- A page: its rows, and whatever else the answer says.
---@class partnercenter.Page
---@field items table[]
---@field totalCount? integer absent where a filter was applied to a part of the rows
---@field unfilteredCount? integer what the service counts, where a filter was applied here
---@field links? partnercenter.Links
---@field attributes? partnercenter.Attributes
---@field [string] any

---@class partnercenter.CustomersPage : partnercenter.Page
---@field items partnercenter.Customer[]

---@class partnercenter.CustomerDeploymentPage : partnercenter.Page
---@field items partnercenter.CustomerDeployment[]

---@class partnercenter.CustomerUsagePage : partnercenter.Page
---@field items partnercenter.CustomerUsage[]

---@class partnercenter.CustomerSubscriptionsPage : partnercenter.Page
---@field items partnercenter.CustomerSubscription[]

---@class partnercenter.CustomerUsersPage : partnercenter.Page
---@field items partnercenter.CustomerUser[]

---@class partnercenter.UserLicensesPage : partnercenter.Page
---@field items partnercenter.UserLicense[]

---@class partnercenter.SubscribedSkusPage : partnercenter.Page
---@field items partnercenter.SubscribedSku[]

---@class partnercenter.PartnerRequestsPage : partnercenter.Page
---@field items partnercenter.PartnerRequest[]

---@class partnercenter.NonMfaPrincipalsPage : partnercenter.Page
---@field items partnercenter.NonMfaPrincipal[]

---@class partnercenter.MfaAdoptionsPage : partnercenter.Page
---@field items partnercenter.MfaAdoption[]

---@class partnercenter.PartnerDeploymentPage : partnercenter.Page
---@field items partnercenter.PartnerDeployment[]

---@class partnercenter.PartnerUsagePage : partnercenter.Page
---@field items partnercenter.PartnerUsage[]

---@class partnercenter.CommercialDeploymentPage : partnercenter.Page
---@field items partnercenter.CommercialDeployment[]

---@class partnercenter.CommercialUsagePage : partnercenter.Page
---@field items partnercenter.CommercialUsage[]

---@class partnercenter.SubscriptionsPage : partnercenter.Page
---@field items partnercenter.Subscription[]

---@class partnercenter.AzureUsagePage : partnercenter.Page
---@field items partnercenter.AzureUsage[]

---@class partnercenter.IndirectResellersPage : partnercenter.Page
---@field items partnercenter.IndirectReseller[]

---@class partnercenter.ReferralsPage : partnercenter.Page
---@field items partnercenter.Referral[]

---@class partnercenter.SearchPage : partnercenter.Page
---@field items partnercenter.Search[]

---@class partnercenter.RequestPage : partnercenter.Page
---@field items any[]

-- Parameters

---@class partnercenter.CustomersParams
---@field size? integer rows of a page
---@field seekOperation? "Next"|"Previous"|"First"|"Last"|"PageIndex"
---@field filter? partnercenter.Filter|string

---@class partnercenter.CustomerDeploymentParams
---@field filter? partnercenter.Filter
---@field source? "commercial" the rows of the successor
---@field top? integer with a source
---@field skip? integer with a source
---@field processedDateTime? string with a source

---@class partnercenter.CustomerUsageParams
---@field filter? partnercenter.Filter
---@field source? "commercial" the rows of the successor
---@field top? integer with a source
---@field skip? integer with a source
---@field processedDateTime? string with a source

---@class partnercenter.SubscribedSkusParams
---@field licenseGroupIds? string[]|string group1 (alone the default), group2
---@field filter? partnercenter.Filter

---@class partnercenter.CustomerSubscriptionsParams
---@field mpn_id? string those that this partner is named in
---@field order_id? string those of this order
---@field filter? partnercenter.Filter

---@class partnercenter.CustomerUsersParams
---@field size? integer rows of a page
---@field seekOperation? "Next"|"Previous"|"First"|"Last"|"PageIndex"
---@field filter? partnercenter.Filter|string `filter.eq("UserState", "Inactive")`: the deleted ones

---@class partnercenter.UserLicensesParams
---@field licenseGroupIds? string[]|string group1 (alone the default), group2
---@field filter? partnercenter.Filter

---@class partnercenter.MpnParams
---@field mpnId? string that of another partner

---@class partnercenter.MfaParams
---@field filter? partnercenter.Filter

---@class partnercenter.PartnerDeploymentParams
---@field filter? partnercenter.Filter

---@class partnercenter.PartnerUsageParams
---@field filter? partnercenter.Filter

---@class partnercenter.CommercialDeploymentParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field processedDateTime? string such as "2018-10-14"

---@class partnercenter.CommercialUsageParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field processedDateTime? string such as "2018-10-14"

---@class partnercenter.SubscriptionsParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field aggregationLevel? "dateRange"|"day"|"week"|"month"

---@class partnercenter.AzureUsageParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field orderby? string[]|string fields, with asc or desc behind them
---@field aggregationLevel? "day"|"week"|"month"

---@class partnercenter.IndirectResellersParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field orderby? string[]|string fields, with asc or desc behind them
---@field aggregationLevel? "day"|"week"|"month"

---@class partnercenter.ReferralsParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field aggregationLevel? "day"|"week"|"month"

---@class partnercenter.SearchParams
---@field top? integer rows of a page, 1 to 10000
---@field skip? integer
---@field filter? partnercenter.Filter|string
---@field groupby? string[]|string
---@field aggregationLevel? "day"|"week"|"month"

---@class partnercenter.RequestParams
---@field filter? partnercenter.Filter

-- Resources: the nodes of the path, and the verbs at its end

--- What `get` gives second: facts about the answer, or why there is none.
---@alias partnercenter.Outcome partnercenter.Facts|partnercenter.Error

---@class partnercenter.CustomersNode
---@field by_id fun(self, id: string): partnercenter.CustomerNode
---@field get fun(self, params?: partnercenter.CustomersParams): partnercenter.CustomersPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CustomersParams): fun(...): partnercenter.CustomersPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CustomersParams): (fun(...): partnercenter.Customer?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CustomersParams): partnercenter.Customer[]?, partnercenter.Error?

---@class partnercenter.CustomerNode
---@field analytics partnercenter.CustomerAnalyticsNode
---@field subscribedskus partnercenter.SubscribedSkusNode
---@field subscriptions partnercenter.CustomerSubscriptionsNode
---@field users partnercenter.CustomerUsersNode
---@field holders fun(self, options?: partnercenter.HoldersOptions): (fun(...): partnercenter.CustomerUser?, partnercenter.Holder[]?, partnercenter.Error?), nil, nil, partnercenter.Closer
---@field get fun(self): partnercenter.Customer?, partnercenter.Outcome

---@class partnercenter.HoldersOptions
---@field sku? string id, part number or name; absent: all
---@field known? table<string, partnercenter.Holder[]> what was found out before, by user
---@field deleted? boolean false: without deleted users
---@field concurrency? integer users asked for at once at most

---@class partnercenter.CustomerSubscriptionsNode
---@field by_id fun(self, id: string): partnercenter.CustomerSubscriptionNode
---@field get fun(self, params?: partnercenter.CustomerSubscriptionsParams): partnercenter.CustomerSubscriptionsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CustomerSubscriptionsParams): fun(...): partnercenter.CustomerSubscriptionsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CustomerSubscriptionsParams): (fun(...): partnercenter.CustomerSubscription?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CustomerSubscriptionsParams): partnercenter.CustomerSubscription[]?, partnercenter.Error?

---@class partnercenter.CustomerSubscriptionNode
---@field provisioningstatus partnercenter.ProvisioningStatusNode
---@field get fun(self): partnercenter.CustomerSubscription?, partnercenter.Outcome

---@class partnercenter.ProvisioningStatusNode
---@field get fun(self): partnercenter.ProvisioningStatus?, partnercenter.Outcome

---@class partnercenter.CustomerUsersNode
---@field by_id fun(self, id: string): partnercenter.CustomerUserNode
---@field get fun(self, params?: partnercenter.CustomerUsersParams): partnercenter.CustomerUsersPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CustomerUsersParams): fun(...): partnercenter.CustomerUsersPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CustomerUsersParams): (fun(...): partnercenter.CustomerUser?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CustomerUsersParams): partnercenter.CustomerUser[]?, partnercenter.Error?

---@class partnercenter.CustomerUserNode
---@field licenses partnercenter.UserLicensesNode
---@field get fun(self): partnercenter.CustomerUser?, partnercenter.Outcome

---@class partnercenter.UserLicensesNode
---@field get fun(self, params?: partnercenter.UserLicensesParams): partnercenter.UserLicensesPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.UserLicensesParams): fun(...): partnercenter.UserLicensesPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.UserLicensesParams): (fun(...): partnercenter.UserLicense?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.UserLicensesParams): partnercenter.UserLicense[]?, partnercenter.Error?

---@class partnercenter.ProfilesNode
---@field organization partnercenter.OrganizationNode
---@field mpn partnercenter.MpnNode

---@class partnercenter.OrganizationNode
---@field get fun(self): partnercenter.Organization?, partnercenter.Outcome

---@class partnercenter.MpnNode
---@field get fun(self, params?: partnercenter.MpnParams): partnercenter.MpnProfile?, partnercenter.Outcome

---@class partnercenter.CustomerAnalyticsNode
---@field licenses partnercenter.CustomerLicensesNode

---@class partnercenter.CustomerLicensesNode
---@field deployment partnercenter.CustomerDeploymentNode
---@field usage partnercenter.CustomerUsageNode

---@class partnercenter.CustomerDeploymentNode
---@field get fun(self, params?: partnercenter.CustomerDeploymentParams): partnercenter.CustomerDeploymentPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CustomerDeploymentParams): fun(...): partnercenter.CustomerDeploymentPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CustomerDeploymentParams): (fun(...): partnercenter.CustomerDeployment?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CustomerDeploymentParams): partnercenter.CustomerDeployment[]?, partnercenter.Error?

---@class partnercenter.CustomerUsageNode
---@field get fun(self, params?: partnercenter.CustomerUsageParams): partnercenter.CustomerUsagePage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CustomerUsageParams): fun(...): partnercenter.CustomerUsagePage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CustomerUsageParams): (fun(...): partnercenter.CustomerUsage?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CustomerUsageParams): partnercenter.CustomerUsage[]?, partnercenter.Error?

---@class partnercenter.SubscribedSkusNode
---@field get fun(self, params?: partnercenter.SubscribedSkusParams): partnercenter.SubscribedSkusPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.SubscribedSkusParams): fun(...): partnercenter.SubscribedSkusPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.SubscribedSkusParams): (fun(...): partnercenter.SubscribedSku?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.SubscribedSkusParams): partnercenter.SubscribedSku[]?, partnercenter.Error?

---@class partnercenter.PartnerRequestsNode
---@field get fun(self, params?: partnercenter.MfaParams): partnercenter.PartnerRequestsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.MfaParams): fun(...): partnercenter.PartnerRequestsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.MfaParams): (fun(...): partnercenter.PartnerRequest?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.MfaParams): partnercenter.PartnerRequest[]?, partnercenter.Error?

---@class partnercenter.NonMfaPrincipalsNode
---@field get fun(self, params?: partnercenter.MfaParams): partnercenter.NonMfaPrincipalsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.MfaParams): fun(...): partnercenter.NonMfaPrincipalsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.MfaParams): (fun(...): partnercenter.NonMfaPrincipal?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.MfaParams): partnercenter.NonMfaPrincipal[]?, partnercenter.Error?

---@class partnercenter.MfaAdoptionsNode
---@field get fun(self, params?: partnercenter.MfaParams): partnercenter.MfaAdoptionsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.MfaParams): fun(...): partnercenter.MfaAdoptionsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.MfaParams): (fun(...): partnercenter.MfaAdoption?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.MfaParams): partnercenter.MfaAdoption[]?, partnercenter.Error?

---@class partnercenter.AnalyticsNode
---@field licenses partnercenter.PartnerLicensesNode
---@field commercial partnercenter.CommercialNode
---@field usage partnercenter.AnalyticsUsageNode
---@field subscriptions partnercenter.SubscriptionsNode
---@field indirectresellers partnercenter.IndirectResellersNode
---@field referrals partnercenter.ReferralsNode
---@field search partnercenter.SearchNode

---@class partnercenter.PartnerLicensesNode
---@field deployment partnercenter.PartnerDeploymentNode
---@field usage partnercenter.PartnerUsageNode

---@class partnercenter.PartnerDeploymentNode
---@field get fun(self, params?: partnercenter.PartnerDeploymentParams): partnercenter.PartnerDeploymentPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.PartnerDeploymentParams): fun(...): partnercenter.PartnerDeploymentPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.PartnerDeploymentParams): (fun(...): partnercenter.PartnerDeployment?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.PartnerDeploymentParams): partnercenter.PartnerDeployment[]?, partnercenter.Error?

---@class partnercenter.PartnerUsageNode
---@field get fun(self, params?: partnercenter.PartnerUsageParams): partnercenter.PartnerUsagePage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.PartnerUsageParams): fun(...): partnercenter.PartnerUsagePage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.PartnerUsageParams): (fun(...): partnercenter.PartnerUsage?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.PartnerUsageParams): partnercenter.PartnerUsage[]?, partnercenter.Error?

---@class partnercenter.CommercialNode
---@field deployment partnercenter.CommercialDeploymentPathNode
---@field usage partnercenter.CommercialUsagePathNode

---@class partnercenter.CommercialDeploymentPathNode
---@field license partnercenter.CommercialDeploymentNode

---@class partnercenter.CommercialUsagePathNode
---@field license partnercenter.CommercialUsageNode

---@class partnercenter.AnalyticsUsageNode
---@field azure partnercenter.AzureUsageNode

---@class partnercenter.CommercialDeploymentNode
---@field get fun(self, params?: partnercenter.CommercialDeploymentParams): partnercenter.CommercialDeploymentPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CommercialDeploymentParams): fun(...): partnercenter.CommercialDeploymentPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CommercialDeploymentParams): (fun(...): partnercenter.CommercialDeployment?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CommercialDeploymentParams): partnercenter.CommercialDeployment[]?, partnercenter.Error?

---@class partnercenter.CommercialUsageNode
---@field get fun(self, params?: partnercenter.CommercialUsageParams): partnercenter.CommercialUsagePage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.CommercialUsageParams): fun(...): partnercenter.CommercialUsagePage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.CommercialUsageParams): (fun(...): partnercenter.CommercialUsage?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.CommercialUsageParams): partnercenter.CommercialUsage[]?, partnercenter.Error?

---@class partnercenter.AzureUsageNode
---@field get fun(self, params?: partnercenter.AzureUsageParams): partnercenter.AzureUsagePage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.AzureUsageParams): fun(...): partnercenter.AzureUsagePage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.AzureUsageParams): (fun(...): partnercenter.AzureUsage?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.AzureUsageParams): partnercenter.AzureUsage[]?, partnercenter.Error?

---@class partnercenter.SubscriptionsNode
---@field get fun(self, params?: partnercenter.SubscriptionsParams): partnercenter.SubscriptionsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.SubscriptionsParams): fun(...): partnercenter.SubscriptionsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.SubscriptionsParams): (fun(...): partnercenter.Subscription?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.SubscriptionsParams): partnercenter.Subscription[]?, partnercenter.Error?

---@class partnercenter.IndirectResellersNode
---@field get fun(self, params?: partnercenter.IndirectResellersParams): partnercenter.IndirectResellersPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.IndirectResellersParams): fun(...): partnercenter.IndirectResellersPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.IndirectResellersParams): (fun(...): partnercenter.IndirectReseller?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.IndirectResellersParams): partnercenter.IndirectReseller[]?, partnercenter.Error?

---@class partnercenter.ReferralsNode
---@field get fun(self, params?: partnercenter.ReferralsParams): partnercenter.ReferralsPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.ReferralsParams): fun(...): partnercenter.ReferralsPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.ReferralsParams): (fun(...): partnercenter.Referral?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.ReferralsParams): partnercenter.Referral[]?, partnercenter.Error?

---@class partnercenter.SearchNode
---@field get fun(self, params?: partnercenter.SearchParams): partnercenter.SearchPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.SearchParams): fun(...): partnercenter.SearchPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.SearchParams): (fun(...): partnercenter.Search?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.SearchParams): partnercenter.Search[]?, partnercenter.Error?

---@class partnercenter.RequestNode
---@field get fun(self, params?: partnercenter.RequestParams): partnercenter.RequestPage?, partnercenter.Outcome
---@field pages fun(self, params?: partnercenter.RequestParams): fun(...): partnercenter.RequestPage?, partnercenter.Facts?
---@field each fun(self, params?: partnercenter.RequestParams): (fun(...): any?), nil, nil, partnercenter.Closer
---@field all fun(self, params?: partnercenter.RequestParams): any[]?, partnercenter.Error?

return partnercenter
