--- Which customers a command is about: all, or those that are named by id, by name, by
-- domain, or by a part of one; a dash stands for the lines of the standard input.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.run.customers

local check = require("partnercenter.util").check
local failure = require "partnercenter.cli.failure"
local partnercenter = require "partnercenter"
local wire = require("partnercenter.util").wire

local M = {}

--- Refuses what names no customers.
-- @tparam table given the options of the command line
-- @raise a failure of use
function M.check(given)
  if given.all_customers and given.customer[1] then
    failure.usage("name customers or say --all-customers, not both")
  end
  if not given.all_customers and not given.customer[1] then
    failure.usage("name customers by id, name or domain ('partnercenter customers' lists them), "
      .. "or say --all-customers")
  end
end

-- How many customers a line names; the rest are counted.
local MOST_NAMES = 5

--- Customers in words.
-- @tparam table list array of customers: `id`, and perhaps `name`
-- @treturn string such as "CONTOSO (ID), FABRIKAM (ID) and 3 more"
function M.enumerate(list)
  local names = {}
  for i = 1, math.min(#list, MOST_NAMES) do
    local customer = list[i]
    names[i] = customer.name and ("%s (%s)"):format(customer.name, customer.id) or customer.id
  end
  local more = #list - #names
  return table.concat(names, ", ") .. (more > 0 and (" and %d more"):format(more) or "")
end

-- A program may have put a mark of UTF-8 before its first line.
local function without_mark(text) return (text:gsub("^\239\187\191", "")) end

-- A dash that stands for nobody is what a program that failed has left.
local function read_words(words)
  local before = #words
  for line in io.lines() do
    local word = without_mark(line):match("^%s*(.-)%s*$")
    if word ~= "" then words[#words + 1] = word end
  end
  if #words == before then failure.usage("the standard input names no customer") end
end

-- Words as they were given, with those of the standard input in place of a dash.
local function words_of(given)
  local words, dashes = {}, 0
  for _, word in ipairs(given.customer) do
    if word == "-" then
      dashes = dashes + 1
      if dashes > 1 then failure.usage("the standard input is read once: one dash is enough") end
      read_words(words)
    else
      words[#words + 1] = word
    end
  end
  return words
end

-- What the service writes is never taken for granted.
local function text_of(value)
  return type(value) == "string" and value or nil
end

local function list_all(task)
  local list = {}
  for row in task.partner.customers:each() do
    if not partnercenter.is_guid(row.id) then
      failure.raise("failed", "the service lists a customer whose id is none: all customers "
        .. "cannot be asked")
    end
    local profile = type(row.companyProfile) == "table" and row.companyProfile or {}
    list[#list + 1] = { id = row.id, name = text_of(profile.companyName),
      domain = text_of(profile.domain) }
    task.status:progress("customers listed", #list)
  end
  return list
end

local function matching(list, word, test)
  local found = {}
  word = wire.fold(word)
  for _, customer in ipairs(list) do
    local name, domain = wire.fold(customer.name or ""), wire.fold(customer.domain or "")
    if test(name, word) or test(domain, word) then found[#found + 1] = customer end
  end
  return found
end

local function is(text, word) return text == word end
local function has(text, word) return text:find(word, 1, true) ~= nil end

-- The customers that a word names: exactly, else in part.
local function find(task, list, word)
  local found = matching(list, word, is)
  if not found[1] then found = matching(list, word, has) end
  if found[1] then
    if #found > 1 then
      task.status:note(("'%s' names %d customers"):format(word, #found))
    end
    return found
  end
  -- People write a part of a name, and so that is what they misspell.
  local names = {}
  for _, customer in ipairs(list) do
    names[#names + 1] = customer.name
    for part in (customer.name or ""):gmatch "%S+" do names[#names + 1] = part end
  end
  failure.usage("no customer is called '%s'%s; 'partnercenter customers' lists them", word,
    check.hint(word, names))
end

--- The customers, each once.
-- @tparam table task
-- @treturn table array of { id, name (where it is known), domain }
-- @raise a failure; an error of the library
function M.find(task)
  if task.given.all_customers then return list_all(task) end
  local chosen, seen, all = {}, {}, nil
  local function choose(customer)
    if not seen[customer.id:lower()] then chosen[#chosen + 1] = customer end
    seen[customer.id:lower()] = true
  end
  for _, word in ipairs(words_of(task.given)) do
    if partnercenter.is_guid(word) then
      choose { id = word }
    else
      all = all or list_all(task)
      for _, customer in ipairs(find(task, all, word)) do choose(customer) end
    end
  end
  return chosen
end

return M
