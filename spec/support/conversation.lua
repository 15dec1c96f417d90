-- The client's side of a conversation with the token endpoint, played: what
-- credentials send is recorded, and the answers are given.
local clouds = require "partnercenter.sign_in.clouds"
local errors = require "partnercenter.errors"

local M = {}

M.TENANT = "contoso.onmicrosoft.com"
M.CLIENT = "1f3c2b9e-7c5d-4b86-9a51-6d0f2e8c4a73"
M.V2 = "https://login.microsoftonline.com/" .. M.TENANT .. "/oauth2/v2.0/"
M.V1 = "https://login.microsoftonline.com/" .. M.TENANT .. "/oauth2/"
M.RESOURCE = "https://api.partnercenter.microsoft.com"
M.SCOPE = M.RESOURCE .. "/user_impersonation offline_access"
M.NOW = 1700000000

function M.options(more)
  local all = { tenant = M.TENANT, client_id = M.CLIENT }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- A context whose post gives the answers in turn; each is a document, an error,
-- or a function.
function M.context(answers, more)
  local self = {
    state = {}, cloud = clouds.get("global"), sent = {}, secrets = {}, slept = 0,
    time = function() return M.NOW end,
  }
  self.now = function() return self.slept end
  self.mask = function(value) return value end
  self.secret = function(secret) self.secrets[secret] = true end
  self.sleep = function(seconds)
    self.slept = self.slept + seconds
    return true
  end
  self.post = function(address, form)
    local fields = {}
    for _, field in ipairs(form) do
      assert(fields[field[1]] == nil, "twice: " .. field[1])
      fields[field[1]] = field[2]
    end
    self.sent[#self.sent + 1] = { address, fields }
    local answer = table.remove(answers, 1)
    if errors.is(answer) then return nil, answer end
    return answer
  end
  for name, value in pairs(more or {}) do self[name] = value end
  return self
end

function M.granted(token, more)
  local answer = { token_type = "Bearer", expires_in = 3599, access_token = token }
  for name, value in pairs(more or {}) do answer[name] = value end
  return answer
end

function M.refused(code)
  return errors.new { kind = "sign_in", message = "refused: " .. code, error = code, status = 400 }
end

return M
