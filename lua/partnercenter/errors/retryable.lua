--- Which failures may pass: the same call may succeed later.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.errors.retryable

-- Answers that may differ next time. 501 never does, nor does any other 4xx.
local RETRYABLE_STATUS = {
  [408] = true, [429] = true, [500] = true, [502] = true, [503] = true, [504] = true,
}

-- Failures without an answer that may not happen next time. A refused
-- certificate ("tls") and a broken answer ("protocol") stay as they are.
local RETRYABLE_KIND = { network = true, timeout = true }

--- May the same request succeed when it is sent once more?
-- @tparam table failure `kind`, `status`
-- @treturn boolean
return function(failure)
  return RETRYABLE_KIND[failure.kind] or RETRYABLE_STATUS[failure.status] or false
end
