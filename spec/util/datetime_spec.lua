local datetime = require "partnercenter.util.datetime"

describe("partnercenter.datetime", function()
  describe("parse", function()
    for _, c in ipairs {
      { "2017-03-14T03:25:16.36+00:00", 1489461916.36 },
      { "2018-10-14T00:00:00", 1539475200 },
      { "2018-10-14T00:00:00Z", 1539475200 },
      { "2018-10-14t00:00:00z", 1539475200 },
      { "2018-10-14T02:00:00+02:00", 1539475200 },
      { "2018-10-13T16:30:00-07:30", 1539475200 },
      { "2018-10-13T16:30:00-0730", 1539475200 },
      { "2018-10-14T00:00:00-00:00", 1539475200 },
      { "2018-10-14", 1539475200 },
      { "2018-05-30", 1527638400 },
      { "2016-04-11 18:00:12Z", 1460397612 },
      { "2016-02-04T19:29:38.037", 1454614178.037 },
      { "2019-01-15T19:43:09.1234567Z", 1547581389.1234567 },
      { "2020-01-01T00:00:00.0000000Z", 1577836800 },
      { "2020-01-01T00:00:00.5-01:00", 1577840400.5 },
      { "1970-01-01T00:00:00Z", 0 },
      { "1969-12-31T23:59:59Z", -1 },
      { "1969-12-31T23:59:59.75Z", -0.25 },
      { "2000-02-29", 951782400 },
      { "2016-02-29", 1456704000 },
      { "2000-03-01", 951868800 },
      { "1900-03-01", -2203891200 },
      { "2038-01-19T03:14:08Z", 2147483648 },
      { "9999-12-31T23:59:59Z", 253402300799 },
      { "0001-01-02", -62135510400 },
      { "0000-01-01", -62167219200 },
      { "2016-12-31T23:59:60Z", 1483228800 },
    } do
      it("reads " .. c[1], function()
        local seconds, why = datetime.parse(c[1])
        assert.is_nil(why)
        assert.equal(c[2], seconds)
      end)
    end

    for _, text in ipairs {
      "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00",
      "0001-01-01T00:00:00.0000000", "0001-01-01",
    } do
      it("takes " .. text .. " for never", function()
        assert.equal(1, select("#", datetime.parse(text)))
        assert.is_nil((datetime.parse(text)))
      end)
    end

    for _, c in ipairs {
      { "", "not a date" },
      { "never", "not a date" },
      { "2018", "not a date" },
      { "2018-5-30", "not a date" },
      { "18-05-30", "not a date" },
      { "20180530", "not a date" },
      { " 2018-05-30", "not a date" },
      { "2018-00-10", "no such month" },
      { "2018-13-10", "no such month" },
      { "2018-01-00", "no such day" },
      { "2018-01-32", "no such day" },
      { "2018-04-31", "no such day" },
      { "2018-02-29", "no such day" },
      { "1900-02-29", "no such day" },
      { "2000-02-30", "no such day" },
      { "2018-05-30Z", "not a time" },
      { "2018-05-30 ", "not a time" },
      { "2018-05-30T", "not a time" },
      { "2018-05-30T10:00", "not a time" },
      { "2018-05-30T1:00:00", "not a time" },
      { "2018-05-30T24:00:00", "no such hour" },
      { "2018-05-30T10:60:00", "no such minute" },
      { "2018-05-30T10:00:60", "no such second" },
      { "2018-05-30T10:59:61", "no such second" },
      { "2018-05-30T10:00:00.", "not a time zone" },
      { "2018-05-30T10:00:00,5", "not a time zone" },
      { "2018-05-30T10:00:00X", "not a time zone" },
      { "2018-05-30T10:00:00ZZ", "not a time zone" },
      { "2018-05-30T10:00:00Z\n", "not a time zone" },
      { "2018-05-30T10:00:00+24:00", "not a time zone" },
      { "2018-05-30T10:00:00+01:60", "not a time zone" },
      { "2018-05-30T10:00:00+1:00", "not a time zone" },
      { "0001-13-01T00:00:00", "no such month" },
      { "0001-01-01T00:00:00junk", "not a time zone" },
      { "0001-01-01T99:00:00", "no such hour" },
      { nil, "not a string" },
      { 20180530, "not a string" },
      { {}, "not a string" },
    } do
      it("refuses " .. tostring(c[1]):gsub("%c", "?"), function()
        local seconds, why = datetime.parse(c[1])
        assert.is_nil(seconds)
        assert.equal(c[2], why)
      end)
    end

    it("asks neither for the machine's time nor for its zone", function()
      local time, date = os.time, os.date
      finally(function() os.time, os.date = time, date end) -- luacheck: ignore 122
      os.time, os.date = error, error -- luacheck: ignore 122
      assert.equal(1539475200, datetime.parse("2018-10-14T02:00:00+02:00"))
      assert.equal("2018-10-14T00:00:00Z", datetime.format(1539475200))
    end)

    it("counts one day from each day to the next over 800 years", function()
      local days = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
      local expected = datetime.parse("1601-01-01")
      for year = 1601, 2400 do
        local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
        for month = 1, 12 do
          local first = ("%04d-%02d-01"):format(year, month)
          if datetime.parse(first) ~= expected then assert.equal(first, expected) end
          expected = expected + 86400 * (days[month] + (leap and month == 2 and 1 or 0))
        end
      end
      assert.equal(datetime.parse("2401-01-01"), expected)
    end)

    it("gives integers where Lua has them", function()
      if not math.type then return end
      assert.equal("integer", math.type((datetime.parse("2018-10-14T00:00:00.000"))))
      assert.equal("float", math.type((datetime.parse("2018-10-14T00:00:00.001"))))
    end)
  end)

  describe("format", function()
    for _, c in ipairs {
      { 0, "1970-01-01T00:00:00Z" },
      { -1, "1969-12-31T23:59:59Z" },
      { -0.25, "1969-12-31T23:59:59Z" },
      { 1489461916.36, "2017-03-14T03:25:16Z" },
      { 951782400, "2000-02-29T00:00:00Z" },
      { 951868799, "2000-02-29T23:59:59Z" },
      { -2203891200, "1900-03-01T00:00:00Z" },
      { 253402300799, "9999-12-31T23:59:59Z" },
      { 253402300799.5, "9999-12-31T23:59:59Z" },
      { -62167219200, "0000-01-01T00:00:00Z" },
    } do
      it("writes " .. c[2] .. " for " .. c[1], function()
        assert.equal(c[2], datetime.format(c[1]))
      end)
    end

    it("is undone by parse, a day and an odd second at a time", function()
      for n = -200000, 200000, 97 do
        local seconds = n * 86461
        local text = datetime.format(seconds)
        if datetime.parse(text) ~= seconds then assert.equal(text, seconds) end
      end
    end)

    for _, c in ipairs {
      { "a string", "0" }, { "nil", nil }, { "NaN", 0 / 0 }, { "infinity", math.huge },
      { "year 10000", 253402300800 }, { "year -1", -62167219201 },
    } do
      it("refuses " .. c[1], function()
        assert.is_false(pcall(datetime.format, c[2]))
      end)
    end
  end)

  describe("http_date", function()
    local NOW = 1600000000 -- 2020

    for _, c in ipairs {
      { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
      { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
      { "Sun Nov  6 08:49:37 1994", 784111777 },
      { "Sun Nov 16 08:49:37 1994", 784975777 },
      { "sun, 06 nov 1994 08:49:37 GMT", 784111777 },
      { "Tue, 21 Jul 2020 04:10:58 GMT", 1595304658 },
      { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
      { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
      { "Monday, 01-Jan-70 00:00:00 GMT", 3155760000 },
      { "Friday, 01-Jan-71 00:00:00 GMT", 31536000 },
      { "Thursday, 01-Jan-20 00:00:00 GMT", 1577836800 },
      { "Sun, 29 Feb 2019 00:00:00 GMT", nil },
      { "Sun, 06 Foo 1994 08:49:37 GMT", nil },
      { "Xyz, 06 Nov 1994 08:49:37 GMT", nil },
      { "Sundae, 06-Nov-94 08:49:37 GMT", nil },
      { "Sun, 06 Nov 1994 24:49:37 GMT", nil },
      { "Sun, 06 Nov 1994 08:49:37 UTC", nil },
      { "Sun, 06 Nov 1994 08:49:37", nil },
      { "Sun, 6 Nov 1994 08:49:37 GMT", nil },
      { " Sun, 06 Nov 1994 08:49:37 GMT", nil },
      { "1994-11-06T08:49:37Z", nil },
      { "57", nil },
      { "", nil },
      { nil, nil },
      { 57, nil },
    } do
      it("reads " .. tostring(c[1]) .. " as " .. tostring(c[2]), function()
        assert.equal(c[2], datetime.http_date(c[1], NOW))
      end)
    end

    it("takes a year of two digits nearest to now", function()
      local in_2090 = datetime.parse("2090-06-01")
      assert.equal(datetime.parse("2101-01-01"),
        datetime.http_date("Saturday, 01-Jan-01 00:00:00 GMT", in_2090))
      assert.equal(datetime.parse("2089-01-01"),
        datetime.http_date("Saturday, 01-Jan-89 00:00:00 GMT", in_2090))
    end)

    it("needs no now", function()
      assert.equal(784111777, datetime.http_date("Sun, 06 Nov 1994 08:49:37 GMT"))
      assert.is_number(datetime.http_date("Sunday, 06-Nov-94 08:49:37 GMT"))
    end)
  end)
end)
