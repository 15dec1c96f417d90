-- Numbers and letter case as they are on the wire and in people's names.
local wire = require "partnercenter.util.wire"

describe("util.wire", function()
  describe("digits", function()
    for _, c in ipairs {
      { "none", "", nil }, { "a sign", "-1", nil }, { "blanks", " 1", nil }, { "a number", 1, nil },
      { "letters", "1e5", nil }, { "leading zeros", "0042", 42 },
      { "what no integer of 64 bits holds", "18446744073709551617", 2 ^ 64 },
      { "what no number holds", ("9"):rep(400), math.huge },
    } do
      it("reads " .. c[1], function() assert.equal(c[3], wire.digits(c[2])) end)
    end

    it("reads those of another base, as far as they fit", function()
      assert.same({ 255, 8 }, { wire.digits("fF", 16), wire.digits("10", 8) })
      assert.is_nil(wire.digits("10000000000000041", 16))
    end)
  end)

  describe("fold", function()
    for _, c in ipairs {
      { "MÜLLER & SÖHNE", "müller & söhne" }, { "ÀÖØÞ", "àöøþ" }, { "× ÷ ß", "× ÷ ß" },
      { "ŁÓDŹ ŻÓŁW ĆĘĄŚŃ", "łódź żółw ćęąśń" }, { "ČEŠTINA ŘŮŽ", "čeština řůž" },
      { "ÎȘÂȚĂ ĹĽ ŸŽ ĞŞ", "îșâță ĺľ ÿž ğş" }, { "ΆΈΊΌΎΏ ΟΔΟΣ οδος", "άέίόύώ οδοσ οδοσ" },
      { "ЁЇЄҐ МОСКВА", "ёїєґ москва" }, { "İ ı ſ ŉ", "İ ı ſ ŉ" },
      { "東京 Ａ 🙂", "東京 Ａ 🙂" }, { "Caf\201", "caf\201" }, { "\195", "\195" }, { "", "" },
    } do
      it("makes of " .. c[1] .. " " .. c[2], function()
        assert.equal(c[2], wire.fold(c[1]))
        assert.equal(c[2], wire.fold(c[2]))
      end)
    end
  end)
end)
