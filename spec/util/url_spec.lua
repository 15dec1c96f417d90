local url = require "partnercenter.util.url"

describe("partnercenter.url", function()
  describe("encode", function()
    for _, c in ipairs {
      { "keeps what is unreserved", "AZaz09-._~", "AZaz09-._~" },
      { "encodes a space as %20", "a b", "a%20b" },
      { "encodes a quote as %27", "it's", "it%27s" },
      { "encodes a percent sign, even before digits", "50%25", "50%2525" },
      { "encodes plus, ampersand, equals, slash, hash", "+&=/#?", "%2B%26%3D%2F%23%3F" },
      { "encodes bytes beyond ASCII one by one", "\195\164", "%C3%A4" },
      { "encodes control characters", "\0\r\n", "%00%0D%0A" },
      { "leaves an empty text empty", "", "" },
    } do
      it(c[1], function() assert.equal(c[3], url.encode(c[2])) end)
    end
  end)

  describe("decode", function()
    for _, c in ipairs {
      { "reads what is encoded", "a%20b%2Fc%c3%a4", "a b/c\195\164" },
      { "leaves the rest alone", "100% + %zz%4", "100% + %zz%4" },
      { "reads once only", "%2541", "%41" },
    } do
      it(c[1], function() assert.equal(c[3], url.decode(c[2])) end)
    end
  end)

  describe("repair", function()
    for _, c in ipairs {
      { "leaves a proper target alone", "/v1/a?b=c%20d&e='x',(y)*", "/v1/a?b=c%20d&e='x',(y)*" },
      { "encodes raw spaces", "a?orderby=date desc", "a?orderby=date%20desc" },
      { "encodes a lone percent sign", "a?b=50%&c=%4&d=%zz", "a?b=50%25&c=%254&d=%25zz" },
      { "keeps lower-case escapes as they are", "%e4%2f", "%e4%2f" },
      { "encodes quotes, brackets, braces, hash", [["<>[]{}|^`#]],
        "%22%3C%3E%5B%5D%7B%7D%7C%5E%60%23" },
      { "encodes bytes beyond ASCII", "\195\164", "%C3%A4" },
    } do
      it(c[1], function() assert.equal(c[3], url.repair(c[2])) end)
    end
  end)

  describe("origin", function()
    for _, c in ipairs {
      { "https://api.example.com/v1/x?y", "https://api.example.com" },
      { "HTTPS://API.Example.COM:443", "https://api.example.com" },
      { "http://127.0.0.1:8080/", "http://127.0.0.1:8080" },
      { "http://localhost:80", "http://localhost" },
      { "https://host:", "https://host" },
      { "https://[::1]:8443/x", "https://[::1]:8443" },
      { "https://host?x", "https://host" },
      { "https://user@host/" },
      { "https://host\\@evil/" },
      { "https://ho st/" },
      { "https://host/\r\n" },
      { "https:///path" },
      { "https://" },
      { "https://host:port/" },
      { "https://host:99999/" },
      { "https://host:0/" },
      { "https://[::1]8443/" },
      { "//host/path" },
      { "/path" },
      { "ftp://host/" },
      { "javascript:alert(1)" },
      { "" },
    } do
      it((c[2] and "reads " or "refuses ") .. ("%q"):format(c[1]), function()
        local origin, why = url.origin(c[1])
        assert.equal(c[2], origin)
        if not c[2] then assert.is_string(why) end
      end)
    end
  end)

  describe("param", function()
    for _, c in ipairs {
      { "https://h/p?top=5&skip=10", "skip", "10" },
      { "/p?Top=5", "top", "5" },
      { "/p?a=1&empty", "empty", "" },
      { "/p?filter=a%20eq%20'b'", "filter", "a%20eq%20'b'" },
      { "/p?a=b=c", "a", "b=c" },
      { "/p", "top" },
      { "/p?stop=1", "top" },
    } do
      it("finds " .. c[2] .. " in " .. c[1], function()
        assert.equal(c[3], url.param(c[1], c[2]))
      end)
    end
  end)

  describe("with_param", function()
    for _, c in ipairs {
      { "adds to a URL without a query", "https://h/p", "https://h/p?skip=7" },
      { "adds behind what is there", "/p?a=1", "/p?a=1&skip=7" },
      { "replaces in place", "/p?a=1&skip=3&b=2", "/p?a=1&skip=7&b=2" },
      { "replaces whatever the letter case", "/p?Skip=3", "/p?skip=7" },
      { "leaves one where two were", "/p?skip=1&a=1&skip=2", "/p?skip=7&a=1" },
    } do
      it(c[1], function() assert.equal(c[3], url.with_param(c[2], "skip", "7")) end)
    end
  end)
end)
