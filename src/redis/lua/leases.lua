-- What ends, and where its item goes.

local function isUsedUp(q, attempts)
  return q.attempts > 0 and attempts >= q.attempts
end

local function isFetch(lease)
  return sub(lease, -1) == 'f'
end

-- Youngest first, so that the oldest is at the head in the end.
local function youngestFirst(a, b)
  return a.came > b.came
end

-- What is handed out, by its ids, as records with their id; those that are not there are left out.
local function handedOut(q, ids)
  local found, seen = {}, {}
  for from = 1, #ids, 1000 do
    local to = math.min(from + 999, #ids)
    local records = call('HMGET', q.leased, unpack(ids, from, to))
    for i = from, to do
      local packed, id = records[i - from + 1], ids[i]
      local isDelayed = byte(id) == 126
      if not packed then
        -- Without its item it would come to its end again and again.
        call('ZREM', isDelayed and q.delayed or q.leases, id)
      elseif not seen[id] then
        seen[id] = true
        local record = cmsgpack.unpack(packed)
        local came, attempts = past(record[1])
        found[#found + 1] = {
          index = i, id = id, lease = isDelayed and sub(id, 2) or id, isDelayed = isDelayed,
          record = record, came = came, attempts = attempts,
        }
      end
    end
  end
  return found
end

-- Ends what was handed out, once its item is elsewhere: what fails before leaves it where it is.
local function finish(q, one)
  call('HDEL', q.leased, one.id)
  call('ZREM', one.isDelayed and q.delayed or q.leases, one.id)
end

-- Leases that have ended by themselves, or with their owner: given up, the oldest first, or back as the next attempt.
local function comeBack(q, ids)
  local found = handedOut(q, ids)
  table.sort(found, youngestFirst)
  local spent = {}
  for _, one in ipairs(found) do
    local isSpent = not one.isDelayed and not isFetch(one.lease) and isUsedUp(q, one.attempts)
    one.reason = one.record[3] or (isSpent and 'attempts')
    if one.reason then
      spent[#spent + 1] = one
    else
      back(q, one.record[1], one.record[2], one.lease)
      finish(q, one)
    end
  end
  for i = #spent, 1, -1 do
    local isPutOff = bury(q, spent[i].record, spent[i].reason, spent[i].lease)
    -- What was away before is away under the same name.
    if not (isPutOff and spent[i].isDelayed) then finish(q, spent[i]) end
  end
end

-- The leases of clients that are gone.
local function orphans(q)
  local gone, ids = {}, {}
  for _, id in ipairs(call('ZREVRANGE', q.leases, 0, 999)) do
    local owner = sub(id, 1, find(id, '-', 1, true) - 1)
    if gone[owner] == nil then
      local heard = call('ZSCORE', KEYS[1], owner)
      gone[owner] = not heard or tonumber(heard) < now - SILENCE
    end
    if gone[owner] then ids[#ids + 1] = id end
  end
  call('HSET', q.key, 'looked', now)
  call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - DAY)
  return ids
end

-- Ends what is due, once in a call, and now and then the leases of those who are gone.
local function due(q)
  if q.isDue then return end
  q.isDue = true
  -- Mostly nothing is handed out, and to look for what is over takes longer.
  if call('ZCARD', q.leases) + call('ZCARD', q.delayed) == 0 then return end
  -- The latest first: those that come back in the next call go to the head, before these.
  local ids = call('ZREVRANGEBYSCORE', q.leases, now, '-inf', 'LIMIT', 0, MOST_ENDED)
  local delayed = call('ZREVRANGEBYSCORE', q.delayed, now, '-inf', 'LIMIT', 0, MOST_ENDED)
  for _, id in ipairs(delayed) do ids[#ids + 1] = id end
  if #ids > 0 then comeBack(q, ids) end
  if math.abs(now - q.looked) < LOOK_AGAIN or call('EXISTS', q.leases) == 0 then return end
  ids = orphans(q)
  if #ids > 0 then comeBack(q, ids) end
end

-- How long until something is due, in ms; -1 when nothing will be.
local function nextEnd(q)
  local soonest = -1
  for _, key in ipairs({ q.leases, q.delayed }) do
    local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] then
      local left = math.max(0, tonumber(first[2]) - now)
      if soonest < 0 or left < soonest then soonest = left end
    end
  end
  return soonest
end

local function retryDelay(q, attempt)
  local delays = {}
  for text in string.gmatch(q.fields.retryDelay or '1', '[^,]+') do delays[#delays + 1] = tonumber(text) end
  return (delays[math.min(attempt, #delays)] or 0) * 1000
end
