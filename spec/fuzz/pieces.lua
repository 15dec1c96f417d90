-- Cuts a text into pieces of 1 to 64 bytes, as the key says: an iterator.
return function(text, key)
  local position, i = 1, 0
  return function()
    if position > #text then return end
    i = i + 1
    local n = key:byte(i % #key + 1) % 64 + 1
    position = position + n
    return text:sub(position - n, position - 1)
  end
end
