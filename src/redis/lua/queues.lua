-- What a queue does with its items.

local function count(q, what, by)
  q.counts[what] = (q.counts[what] or 0) + by
end

local function tell(q, reason, lease, cell)
  count(q, reason, 1)
  local n = #dropped
  dropped[n + 1], dropped[n + 2], dropped[n + 3], dropped[n + 4] = q.index, reason, lease, cell
end

-- The number of items waiting.
local function size(q)
  if not q.count then
    q.count = q.addmode == 0 and call('LLEN', q.items) or call('ZCARD', q.order)
  end
  return q.count
end

local function isFull(q)
  return q.size > 0 and size(q) >= q.size
end

-- Takes the oldest items: their cells and, where keys are unique, their places.
local function pop(q, most)
  local cells, places = {}, {}
  if q.addmode == 0 then
    cells = call('LPOP', q.items, most) or cells
  else
    local popped = call('ZPOPMIN', q.order, most)
    if #popped == 0 then return cells, places end
    local keys = {}
    for i = 1, #popped, 2 do keys[#keys + 1] = popped[i] end
    local bodies = call('HMGET', q.values, unpack(keys))
    call('HDEL', q.values, unpack(keys))
    for i, key in ipairs(keys) do
      if bodies[i] then
        cells[#cells + 1] = joined(key, bodies[i])
        places[#cells] = popped[2 * i]
      end
    end
  end
  if q.count then q.count = q.count - #cells end
  return cells, places
end

-- Adds a key and a body at the end of a queue with unique keys; what did not stay because of it, and why.
local function putKeyed(q, key, body, place, isForced)
  local twin = call('HGET', q.values, key)
  if twin and q.addmode == 1 then return 'duplicate' end
  if not twin and q.refuses and not isForced and isFull(q) then return 'full' end
  size(q)
  call('HSET', q.values, key, body)
  call('ZADD', q.order, place, key)
  if twin then return 'replaced', joined(key, twin) end
  q.count = q.count + 1
  q.grew = q.grew + 1
  if q.size > 0 and q.count > q.size and not q.refuses then return 'overflow', pop(q, 1)[1] end
end

-- Adds a cell at the end, whether or not the queue refuses what is new; what did not stay, and why.
local function put(q, cell)
  if q.addmode > 0 then
    local key, body = parted(cell)
    local reason, other = putKeyed(q, key, body, call('HINCRBY', q.key, 'next', 1), true)
    return reason, other or cell
  end
  size(q)
  call('RPUSH', q.items, cell)
  q.count = q.count + 1
  q.grew = q.grew + 1
  if q.size > 0 and q.count > q.size and not q.refuses then return 'overflow', pop(q, 1)[1] end
end

-- The place before all others.
local function head(q)
  local first = call('ZRANGE', q.order, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2]) - 1 or call('HINCRBY', q.key, 'next', 1)
end

-- An item comes back: to the head or, where keys are unique, to its old place.
local function back(q, cell, place, lease)
  size(q)
  if q.addmode == 0 then
    if isFull(q) and not q.refuses then return tell(q, 'overflow', lease, cell) end
    call('LPUSH', q.items, cell)
  else
    local key, body = parted(cell)
    local twin = call('HGET', q.values, key)
    if twin and q.addmode == 2 then return tell(q, 'replaced', lease, cell) end
    if not twin and isFull(q) and not q.refuses then return tell(q, 'overflow', lease, cell) end
    call('HSET', q.values, key, body)
    call('ZADD', q.order, place or head(q), key)
    if twin then
      q.grew = q.grew + 1
      return tell(q, 'duplicate', lease, joined(key, twin))
    end
  end
  q.count = q.count + 1
  q.grew = q.grew + 1
end

-- An item stays away for a while. Where it is given up, reason says why, and it is given up again then.
local function delay(q, lease, record, ms, reason)
  call('HSET', q.leased, '~' .. lease, cmsgpack.pack({ record[1], record[2] or false, reason }))
  call('ZADD', q.delayed, now + ms, '~' .. lease)
end

-- An item is given up: it goes to the dead letter queue or, where there is none, is dropped; whether that was put off.
local function bury(q, record, reason, lease)
  local cell = record[1]
  local dead = queues[q.dead]
  if not dead then
    tell(q, reason, lease, cell)
    return false
  end
  local _, _, _, z = past(cell)
  local buried = stamp() .. ',0,' .. reason .. ',' .. q.name .. sub(cell, z)
  local isDone, why, other = false, dead.broken
  if not dead.broken then isDone, why, other = pcall(put, dead, buried) end
  if not isDone then
    delay(q, lease, record, BURY_AGAIN, reason)
    return true
  end
  count(q, reason, 1)
  if why then tell(dead, why, '', other) end
  return false
end
