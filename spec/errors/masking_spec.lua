local base64 = require "partnercenter.util.base64"
local objects = require "partnercenter.errors"
local masking = require "partnercenter.errors.masking"

local SECRET = "s3cr+t/=~ \"&'x"
local TOKEN = "eyJhbGciOiJub25lIn0.eyJ-_Q.c2ln-bmF0_dXJl"

local function register_of(secrets)
  local register = masking.register()
  for i = 1, #secrets do register.add(secrets[i]) end
  return register
end

local function mask(value, secrets) return register_of(secrets).mask(value) end

local function each_byte(format)
  return (SECRET:gsub(".", function(c) return format:format(c:byte()) end))
end

describe("partnercenter.errors.masking", function()
  -- From: who writes a secret so.
  for _, c in ipairs {
    { "as it is", "a " .. SECRET .. " b", "a [redacted] b" },
    { "in a URL", "x=s3cr%2Bt%2F%3D~%20%22%26%27x&y", "x=[redacted]&y" },
    { "in a URL, in lower case", "s3cr%2bt%2f%3d~%20%22%26%27x", "[redacted]" },
    { "in a URL, all of it", each_byte "%%%02x", "[redacted]" },
    { "in a URL in a URL", "s3cr%252Bt%252F%253D~%2520%2522%2526%2527x", "[redacted]" },
    { "in a form", "s3cr%2Bt%2F%3D%7E+%22%26%27x", "[redacted]" },
    { "in JSON", "s3cr+t/=~ \\\"&'x", "[redacted]" },
    { "in JSON with escaped slashes", "s3cr+t\\/=~ \\\"&'x", "[redacted]" },
    { "in JSON as .NET writes it", "s3cr\\u002Bt/=~ \\u0022\\u0026\\u0027x", "[redacted]" },
    { "in JSON, all of it", each_byte "\\u%04x", "[redacted]" },
    { "in JSON inside JSON", "s3cr\\\\u002Bt\\\\/=~ \\\\\\\"&'x", "[redacted]" },
    { "in JavaScript", each_byte "\\x%02x", "[redacted]" },
    { "in JavaScript with braces", each_byte "\\u{%x}", "[redacted]" },
    { "in C by octals", each_byte "\\%03o", "[redacted]" },
    { "in C by long numbers", each_byte "\\U%08X", "[redacted]" },
    { "in HTML without semicolons", "s3cr&#43t/=~ &#34&#38&#39x", "[redacted]" },
    { "in quoted-printable", "s3cr=2Bt/=3D~ =22&'=\r\nx", "[redacted]" },
    { "in quoted-printable, all of it", "a" .. each_byte "=%02X" .. " b", "a[redacted] b" },
    { "in quoted-printable of a URL", "s3cr=252Bt=252F=253D~=2520=2522=2526=2527x", "[redacted]" },
    { "behind what only looks like quoted-printable", "=ab=s3cr%2Bt/%3D~ \"&'x",
      "=ab=[redacted]" },
    { "as old IIS writes it", each_byte "%%u%04X", "[redacted]" },
    { "in HTML by decimals", "s3cr&#43;t/=~ &#34;&#38;&#39;x", "[redacted]" },
    { "in HTML by hexadecimals", "s3cr&#x2B;t/&#x3d;~ &quot;&amp;&apos;x", "[redacted]" },
    { "in HTML by other names", "s3cr&plus;t&sol;&equals;~ &QUOT;&AMP;&apos;x", "[redacted]" },
    { "in HTML by names without semicolons", "s3cr+t/=~ &quot&amp'x", "[redacted]" },
    { "in HTML twice, without a semicolon", "s3cr&amp#43;t/=~ &QUOT&AMP#38;'x", "[redacted]" },
    { "in C by short octals", "s3cr\\53t/\\75~\\40\"&'x", "[redacted]" },
    { "in Perl", "s3cr\\x{2b}t/=~ \"&\\x{000027}x", "[redacted]" },
    { "in HTML by leading zeros", "s3cr&#0000043;t&#x0000002f;=~ &quot;&amp;'x", "[redacted]" },
    { "in HTML by names", "s3cr&plus;t&sol;&equals;~ &quot;&amp;&apos;x", "[redacted]" },
    { "in HTML inside JSON inside a URL", "s3cr%5Cu0026%2343%3Bt/=~ \\\"&amp;&apos;x",
      "[redacted]" },
    { "in UTF-16", "a\0" .. SECRET:gsub(".", "%0\0") .. "b", "a\0[redacted]\0b" },
    { "folded", SECRET:sub(1, 7) .. "\r\n" .. SECRET:sub(8), "[redacted]" },
    { "in hexadecimals", "0x" .. each_byte "%02X" .. " b", "0x[redacted] b" },
    { "in base64", base64.encode(SECRET) .. "==", "[redacted]" },
    { "in the base64 of URLs", "x." .. base64.url("a" .. SECRET .. "b"), "x.[redacted]" },
    { "in wrapped base64", (base64.encode("user:" .. SECRET):gsub("(" .. ("."):rep(9) .. ")",
      "%1\r\n")), "[redacted]" },
    { "in Basic authentication", "Basic " .. base64.encode("user:" .. SECRET) .. "=, b",
      "Basic [redacted], b" },
    { "with one byte more in base64", base64.encode("ab" .. SECRET .. "cd"), "[redacted]" },
    { "in base64 in a URL", (base64.encode("u:" .. SECRET):gsub("+", "%%2B")) .. "%3D",
      "[redacted]" },
    { "several times, side by side", SECRET .. SECRET .. "," .. SECRET,
      "[redacted][redacted],[redacted]" },
    { "not at all", "nothing %20 here \\u0041 &amp;", "nothing %20 here \\u0041 &amp;" },
    { "not in part", SECRET:sub(1, 8), SECRET:sub(1, 8) },
    { "in nothing", "", "" },
  } do
    it("finds a secret " .. c[1], function() assert.equal(c[3], mask(c[2], { SECRET })) end)
  end

  it("finds tokens in an answer that nobody has noted", function()
    local errors = require "partnercenter.errors"
    local function shown(body)
      local err = errors.from_response { status = 200, body = body, token_endpoint = true }
      return tostring(err) .. " " .. err.body
    end
    for what, body in pairs {
      ["JSON of another type"] = '{"token_type":"Bearer","access_token":"f4esh-acc","id_token" : '
        .. '"f4esh-id","refresh_token":"0.AQ.f4esh-ref"}',
      ["JSON that breaks off"] = '{"access_token":"f4esh-acc',
      ["JSON with escapes"] = [[{"access_token":"f4esh\u002dacc\/x"}]],
      ["a form"] = "token_type=Bearer&access_token=f4esh%2dacc&refresh_token=f4esh-ref",
      ["a page"] = "<p>access_token=f4esh-acc</p><pre>" .. TOKEN .. "</pre>",
      ["a device code"] = "{'device_code': 'f4esh-dev'}",
    } do
      local text = shown(body)
      assert.is_nil(text:find("f4esh", 1, true), what .. text)
      assert.is_nil(text:find("eyJ", 1, true), what .. text)
      assert.truthy(text:find("[redacted]", 1, true), what .. text)
    end
  end)

  it("finds a token in base64 of either alphabet", function()
    for before = 0, 3 do
      local text = ("x"):rep(before) .. TOKEN
      assert.equal("[redacted]", mask(base64.encode(text), { TOKEN }))
      assert.equal("[redacted]", mask(base64.url(text), { TOKEN }))
    end
  end)

  it("finds a secret that is percent-encoded itself, and what that stands for", function()
    assert.equal("[redacted] [redacted]", mask("p%2Fw%40rd p/w@rd", { "p%2Fw%40rd" }))
  end)

  it("takes a secret for plain text, not for a pattern", function()
    assert.equal("[redacted] aaaa", mask("%a+. aaaa", { "%a+." }))
  end)

  it("masks the longer of two secrets that begin alike, or overlap", function()
    assert.equal("[redacted] [redacted]", mask("token-long token", { "token", "token-long" }))
    assert.equal("[redacted]", mask("abcdefgh", { "abcdef", "cdefgh" }))
  end)

  it("ignores secrets of under four bytes and what is no string", function()
    assert.equal("abc 12345", mask("abc 12345", { "", "abc", 12345, false }))
  end)

  it("hands back what is neither string nor table", function()
    assert.equal(5, mask(5, { SECRET }))
    assert.is_nil(mask(nil, { SECRET }))
    assert.is_true(mask(true, { SECRET }))
  end)

  it("remembers the last 32, and those that are kept", function()
    local register = masking.register()
    register.add("secret kept", true)
    for i = 1, 33 do register.add(("secret %02d."):format(i)) end
    register.add("secret 02.")
    register.add("secret 34.")
    assert.equal("secret 01. [redacted] secret 03. [redacted] [redacted]",
      register.mask "secret 01. secret 02. secret 03. secret 04. secret kept")
  end)

  it("holds nothing that can be reached", function()
    for _, member in pairs(register_of { SECRET }) do assert.equal("function", type(member)) end
  end)

  it("masks every string of a table in place, keys and cycles included", function()
    local inner = { list = { "x", SECRET }, n = 1, flag = true }
    local outer = { inner = inner, [SECRET] = "v", plain = "p" }
    setmetatable(outer, { __tostring = print })
    inner.outer = outer
    assert.equal(outer, mask(outer, { SECRET }))
    assert.equal("[redacted]", inner.list[2])
    assert.equal("x", inner.list[1])
    assert.equal("v", outer["[redacted]"])
    assert.is_nil(outer[SECRET])
    assert.equal("p", outer.plain)
    assert.equal(outer, inner.outer)
    assert.is_table(getmetatable(outer))
  end)

  it("leaves the names and the kind of an error, whatever is a secret", function()
    local cause = objects.new { kind = "http", message = "a message" }
    local err = objects.new { kind = "network", message = "a network message", cause = cause,
      data = { message = "x" } }
    mask(err, { "message", "network", "http" })
    assert.equal("network: a [redacted] [redacted] (last failure: a [redacted])", tostring(err))
    assert.equal("http", cause.kind)
    assert.same({ ["[redacted]"] = "x" }, err.data)
  end)
end)
