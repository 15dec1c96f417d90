local sha256 = require "partnercenter.util.sha256".sha256

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

describe("partnercenter.sha256", function()
  -- The first three are those of FIPS 180-4; the others come from sha256sum and
  -- stand around the length where padding needs one more block.
  for _, c in ipairs {
    { "nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "three bytes", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { "55 bytes", ("a"):rep(55),
      "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
    { "56 bytes", ("a"):rep(56),
      "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
    { "64 bytes", ("a"):rep(64),
      "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
    { "a thousand bytes", ("a"):rep(1000),
      "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3" },
    { "bytes of all values", "\0\1\127\128\255",
      "0150a92bb1212cd00516b65fde0704614760000963874fcbb11eaa734ee87809" },
  } do
    it("hashes " .. c[1], function() assert.equal(c[3], hex(sha256(c[2]))) end)
  end
end)
