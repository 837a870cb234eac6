-- How an item is written.

local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

-- A stamp of now: when an item came, in 1/1024 ms, as ten digits of base 36.
local function stamp()
  stamps = stamps + 1
  local rest, text = now * 1024 + stamps % 1024, ''
  for _ = 1, 10 do
    local digit = rest % 36
    text = sub(DIGITS, digit + 1, digit + 1) .. text
    rest = (rest - digit) / 36
  end
  return text
end

-- The stamp of a cell, the attempts, where it came from, and where its meta ends. What is not a cell has none of these.
local function past(cell)
  -- Most have nothing behind their stamp.
  if byte(cell, 11) == 0 then return sub(cell, 1, 10), 0, '', 11 end
  local z = find(cell, '\0', 1, true)
  if not z then return '', 0, '', 1 end
  local came, attempts, origin = string.match(sub(cell, 1, z - 1), '^([^,]*),?(%d*)(.*)$')
  return came, tonumber(attempts) or 0, origin, z
end

-- The cell with so many attempts more or fewer, and how many it had.
local function withAttempts(cell, more)
  local came, attempts, origin, z = past(cell)
  local meta = came
  if attempts + more > 0 or origin ~= '' then meta = came .. ',' .. attempts + more .. origin end
  return meta .. sub(cell, z), attempts
end

-- Where the parts of a cell or a body end; nothing where one is missing.
local function ends(text)
  local z1 = find(text, '\0', 1, true)
  local z2 = z1 and find(text, '\0', z1 + 1, true)
  return z2, z2 and find(text, '\0', z2 + 1, true)
end

-- A cell as key and body.
local function parted(cell)
  local z2, z3 = ends(cell)
  if not z3 then return '', cell end
  return sub(cell, z2 + 1, z3 - 1), sub(cell, 1, z2) .. sub(cell, z3 + 1)
end

local function joined(key, body)
  local z2 = ends(body)
  if not z2 then return body end
  return sub(body, 1, z2) .. key .. '\0' .. sub(body, z2 + 1)
end
