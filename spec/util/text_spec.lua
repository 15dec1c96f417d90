local text = require "partnercenter.util.text"

describe("partnercenter.text", function()
  describe("line", function()
    for _, c in ipairs {
      { "keeps plain text", "a b", "a b" },
      { "keeps UTF-8", "Gro\195\159 \226\130\172 \240\159\152\128",
        "Gro\195\159 \226\130\172 \240\159\152\128" },
      { "joins lines", "a\r\nb\n\n  c", "a b c" },
      { "trims", " \t a \n", "a" },
      { "empties white space", " \r\n", "" },
      { "takes out control characters", "a\0b\27[31mc\127", "a b [31mc" },
      { "takes out C1 controls", "a\194\155b", "a b" },
      { "takes out line separators", "a\226\128\168b\226\128\169c", "a b c" },
      { "takes out marks that turn the writing", "a\226\128\174b\226\129\166c", "a b c" },
      { "takes out a byte order mark", "\239\187\191a", "a" },
      { "marks stray continuation bytes", "a\128\191b", "a??b" },
      { "takes out marks of direction", "a\226\128\142b\226\128\143c\216\156d", "a b c d" },
      { "marks a cut character", "a\226\130", "a??" },
      { "marks what follows a whole character", "\195\159\128", "\195\159?" },
      { "marks Latin-1", "Gro\223e", "Gro?e" },
      { "marks an overlong newline", "a\192\138b", "a??b" },
      { "marks an overlong newline of three bytes", "a\224\128\138b", "a???b" },
      { "marks an overlong form of four bytes", "\240\128\128\128", "????" },
      { "marks bytes beyond Unicode", "\245\128\128\128\255", "?????" },
    } do
      it(c[1], function() assert.equal(c[3], text.line(c[2])) end)
    end

    it("cuts to the maximum", function()
      assert.equal("abcdefg...", text.line("abcdefghijk", 10))
      assert.equal("abcdefghij", text.line("abcdefghij", 10))
    end)

    it("is quick with megabytes", function()
      local line = text.line(("\255\n"):rep(1e6), 20)
      assert.is_true(#line <= 20)
    end)
  end)

  describe("cut", function()
    for max = 4, 12 do
      it("never leaves half a character at " .. max, function()
        local cut = text.cut("\226\130\172\240\159\152\128\195\159\226\130\172", max)
        assert.is_true(#cut <= max)
        assert.equal(cut, text.line(cut))
      end)
    end
  end)

  describe("unescape", function()
    for _, c in ipairs {
      { "We&#39;re", "We're" },
      { "&lt;b&gt; &amp; &quot;x&quot; &apos;y&apos;", "<b> & \"x\" 'y'" },
      { "&#x27;&#X27;", "''" },
      { "&#228;&#8364;", "\195\164\226\130\172" },
      { "&amp;lt;", "&lt;" },
      { "&unknown; &xi; &Xi;", "&unknown; &xi; &Xi;" },
      { "&#; &#x; &#xZZ; &#9999999999;", "&#; &#x; &#xZZ; &#9999999999;" },
      { "&#128512; &#xD800;", "&#128512; &#xD800;" },
      { "a & b; c", "a & b; c" },
    } do
      it("reads " .. c[1], function() assert.equal(c[2], text.unescape(c[1])) end)
    end
  end)

  describe("excerpt", function()
    for _, c in ipairs {
      { "reads a page's words",
        "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>"
          .. "<h1>502 Bad Gateway</h1><hr>nginx</body></html>",
        "502 Bad Gateway 502 Bad Gateway nginx" },
      { "leaves scripts, styles and comments out",
        "<script>alert(1)</script><STYLE a=b>p{}</Style ><!-- secret\n -->x", "x" },
      { "resolves entities after the tags", "&lt;b&gt;", "<b>" },
      { "keeps a comparison", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2" },
      { "keeps plain text", "upstream\nfailed", "upstream failed" },
      { "finds nothing in tags alone", "<html></html>", "" },
      { "finds nothing in control characters", "\1\2\3", "" },
    } do
      it(c[1], function() assert.equal(c[3], text.excerpt(c[2], 60)) end)
    end
  end)
end)
