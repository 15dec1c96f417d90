--- Errors: the object, what an answer means, and the secrets that are masked in
-- what leaves. Calls that fail return an error object after nil; iterators raise it.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors

local masking = require "partnercenter.errors.masking"
local object = require "partnercenter.errors.object"
local response = require "partnercenter.errors.response"

return {
  --- A new error object.
  -- @function new
  -- @see partnercenter.errors.object.new
  new = object.new,

  --- Is the value an error object?
  -- @function is
  -- @see partnercenter.errors.object.is
  is = object.is,

  --- The error object of a failure without an answer.
  -- @function from_failure
  -- @see partnercenter.errors.object.from_failure
  from_failure = object.from_failure,

  --- The error object of an answer that is no success.
  -- @function from_response
  -- @see partnercenter.errors.response.from_response
  from_response = response.from_response,

  --- Calls a function; an error object that it raises is raised as its line.
  -- @function run
  -- @see partnercenter.errors.object.run
  run = object.run,

  --- Would a new token of the same kind be refused like this one?
  -- @function needs_person
  -- @see partnercenter.errors.response.needs_person
  needs_person = response.needs_person,

  --- The secrets of one client, and what masks them.
  -- @function register
  -- @see partnercenter.errors.masking.register
  register = masking.register,
}
