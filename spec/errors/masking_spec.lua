local redactor = require "partnercenter.errors.masking".redactor
local redact = require "partnercenter.errors.masking".redact

local SECRET = "s3cr+t/=~ \"&'x"

describe("partnercenter.redact", function()
  for _, c in ipairs {
    { "as it is", "a " .. SECRET .. " b", "a [redacted] b" },
    { "percent-encoded", "x=s3cr%2Bt%2F%3D~%20%22%26%27x&y", "x=[redacted]&y" },
    { "percent-encoded in lower case", "s3cr%2bt%2f%3d~%20%22%26%27x", "[redacted]" },
    { "percent-encoded strictly", "s3cr%2Bt%2F%3D%7E%20%22%26%27x", "[redacted]" },
    { "in a form", "s3cr%2Bt%2F%3D%7E+%22%26%27x", "[redacted]" },
    { "in JSON", "s3cr+t/=~ \\\"&'x", "[redacted]" },
    { "in JSON with escaped slashes", "s3cr+t\\/=~ \\\"&'x", "[redacted]" },
    { "in JSON as .NET writes it", "s3cr\\u002Bt/=~ \\u0022\\u0026\\u0027x", "[redacted]" },
    { "in HTML", "s3cr&#43;t/=~ &#34;&#38;&#39;x", "[redacted]" },
    { "several times, side by side", SECRET .. SECRET .. "," .. SECRET,
      "[redacted][redacted],[redacted]" },
    { "not at all", "nothing here", "nothing here" },
    { "not in part", SECRET:sub(1, 8), SECRET:sub(1, 8) },
    { "in nothing", "", "" },
  } do
    it("finds a secret " .. c[1], function() assert.equal(c[3], redact(c[2], { SECRET })) end)
  end

  it("takes a secret for plain text, not for a pattern", function()
    assert.equal("[redacted] aaaa", redact("%a+. aaaa", { "%a+." }))
  end)

  it("masks the longer of two secrets that begin alike", function()
    assert.equal("[redacted] [redacted]", redact("token-long token", { "token", "token-long" }))
  end)

  it("ignores secrets of under four bytes and what is no string", function()
    assert.equal("abc 12345", redact("abc 12345", { "", "abc", 12345, false }))
  end)

  it("hands back what is neither string nor table", function()
    assert.equal(5, redact(5, { SECRET }))
    assert.is_nil(redact(nil, { SECRET }))
  end)

  it("prepares the secrets once", function()
    local secrets = { SECRET }
    local mask = redactor(secrets)
    secrets[1] = "nothing"
    assert.equal("[redacted] nothing", mask(SECRET .. " nothing"))
    assert.same({ x = { "[redacted]" } }, mask { x = { SECRET } })
    assert.is_true(mask(true))
  end)

  it("masks every string of a table in place, keys and cycles included", function()
    local inner = { list = { "x", SECRET }, n = 1, flag = true }
    local outer = { inner = inner, [SECRET] = "v", plain = "p" }
    setmetatable(outer, { __tostring = print })
    inner.outer = outer
    assert.equal(outer, redact(outer, { SECRET }))
    assert.equal("[redacted]", inner.list[2])
    assert.equal("x", inner.list[1])
    assert.equal("v", outer["[redacted]"])
    assert.is_nil(outer[SECRET])
    assert.equal("p", outer.plain)
    assert.equal(outer, inner.outer)
    assert.is_table(getmetatable(outer))
  end)
end)
