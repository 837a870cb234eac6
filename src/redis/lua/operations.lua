-- Each is called with its queue and where its arguments begin and end, and returns its reply.
local operations = {}

-- How many of the items that are left to take are taken at once: one, until it is known how large they are.
local function portionOf(left, largest)
  if not largest then return 1 end
  return math.max(1, math.min(PORTION, left, math.floor((MOST_BYTES - bytes) / (largest + 1))))
end

-- Adds cells at the end of a list that drops its oldest ones. What it drops may be larger than what is added, so it may
-- stop before the end.
local function addDropping(q, from, to, reply)
  local largest
  local at = from
  while at <= to and bytes < MOST_BYTES do
    local free = q.size - q.count
    local last = math.min(to, at - 1 + (free > 0 and math.min(free, 1000) or portionOf(to - at + 1, largest)))
    call('RPUSH', q.items, unpack(ARGV, at, last))
    q.count = q.count + last - at + 1
    if q.count > q.size then
      for _, cell in ipairs((pop(q, math.min(last - at + 1, q.count - q.size)))) do
        bytes = bytes + #cell
        largest = math.max(largest or 0, #cell)
        reply[#reply + 1] = cell
      end
    end
    at = last + 1
  end
  count(q, 'overflow', #reply - 2)
  return at - from
end

-- Adds keys and bodies; in the reply, what became of each.
local function addKeyed(q, from, to, reply)
  local place = call('HINCRBY', q.key, 'next', (to - from + 1) / 2) - (to - from + 1) / 2
  local at = from
  while at <= to and bytes < MOST_BYTES do
    place = place + 1
    local reason, other = putKeyed(q, ARGV[at], ARGV[at + 1], place)
    if reason then count(q, reason, 1) end
    reply[#reply + 1] = reason or ''
    if other then
      bytes = bytes + #other
      reply[#reply + 1] = other
    end
    at = at + 2
  end
  return (at - from) / 2
end

-- Adds: cells; or keys and bodies, where keys are unique. The size before, how many were done, and what became of each
-- or was dropped.
function operations.A(q, from, to)
  due(q)
  local before = size(q)
  local reply = { before, 0 }
  if q.addmode > 0 then
    reply[2] = addKeyed(q, from, to, reply)
    return reply
  end
  if q.size > 0 and not q.refuses then
    reply[2] = addDropping(q, from, to, reply)
    q.grew = q.grew + reply[2]
    return reply
  end
  local last = to
  if q.refuses and q.size > 0 then last = math.min(to, from - 1 + math.max(0, q.size - before)) end
  for i = from, last, 1000 do call('RPUSH', q.items, unpack(ARGV, i, math.min(i + 999, last))) end
  q.count = before + last - from + 1
  q.grew = q.grew + last - from + 1
  count(q, 'full', to - last)
  reply[2] = to - from + 1
  return reply
end

-- Takes up to so many cells, and stops where they are too large together.
local function takeCells(q, most, each)
  local taken, largest = 0, nil
  while taken < most and bytes < MOST_BYTES do
    local cells, places = pop(q, portionOf(most - taken, largest))
    if #cells == 0 then break end
    for i, cell in ipairs(cells) do
      bytes = bytes + #cell
      largest = math.max(largest or 0, #cell)
      if each(cell, places[i]) then taken = taken + 1 end
    end
  end
  return taken
end

-- Fetches: how many. What is left, and the cells.
function operations.F(q, from)
  due(q)
  size(q)
  local reply = { 0 }
  local taken = takeCells(q, tonumber(ARGV[from]), function(cell)
    reply[#reply + 1] = cell
    return true
  end)
  count(q, 'fetched', taken)
  reply[1] = q.count
  return reply
end

-- Takes: how many; ms of the lease, or blank; c as a consumer, f as a fetch; the number of the first lease; and, for who
-- waits, 0 or since when. What is left; ms until something is due, -1 when nothing will be, -2 when to ask again; since
-- when it waits; and the cells.
function operations.T(q, from)
  due(q)
  size(q)
  local most, lease, kind = tonumber(ARGV[from]), tonumber(ARGV[from + 1]), ARGV[from + 2]
  local id, since = tonumber(ARGV[from + 3]), tonumber(ARGV[from + 4])
  if kind == 'c' then
    if q.isPaused then most = 0 end
    if lease and q.most > 0 then most = math.min(most, q.most - call('ZCARD', q.leases)) end
  end
  local reply = { 0, -1, 0 }
  local records, scores = {}, {}
  -- Written once, since a number is written again for each command that takes it.
  local till = lease and format('%.17g', now + lease)
  -- What cannot be noted must not be taken.
  if lease then call('HLEN', q.leased) end
  local taken = takeCells(q, most, function(cell, place)
    if not lease then
      reply[#reply + 1] = cell
      return true
    end
    local name = format('%s-%09d%s', client, id, kind == 'f' and 'f' or '')
    if kind == 'c' then
      local tried, attempts = withAttempts(cell, 1)
      if isUsedUp(q, attempts) then
        bury(q, { cell, place }, 'attempts', name)
        return false
      end
      cell = tried
    end
    reply[#reply + 1] = cell
    id = id + 1
    local n = #records
    records[n + 1], records[n + 2] = name, cmsgpack.pack({ cell, place })
    scores[n + 1], scores[n + 2] = till, name
    return true
  end)
  for i = 1, #records, 1000 do
    local last = math.min(i + 999, #records)
    call('HSET', q.leased, unpack(records, i, last))
    call('ZADD', q.leases, unpack(scores, i, last))
  end
  if not lease then count(q, 'fetched', taken) end
  reply[1] = q.count
  if taken == 0 and most > 0 and q.count > 0 then
    -- What was taken before has filled the reply.
    reply[2] = -2
  elseif taken == 0 and since then
    if since == 0 then since = now end
    call('ZADD', q.waiting, since, kind .. client)
    reply[2], reply[3] = nextEnd(q), since
  end
  return reply
end

-- Acknowledges: ids. For each, whether its lease held.
function operations.K(q, from, to)
  due(q)
  local reply, held, fetched = {}, {}, 0
  for i = from, to do
    local isHeld = call('ZREM', q.leases, ARGV[i])
    if isHeld == 1 then
      held[#held + 1] = ARGV[i]
      if isFetch(ARGV[i]) then fetched = fetched + 1 end
    end
    reply[#reply + 1] = isHeld
  end
  for i = 1, #held, 1000 do call('HDEL', q.leased, unpack(held, i, math.min(i + 999, #held))) end
  count(q, 'fetched', fetched)
  count(q, 'acknowledged', #held - fetched)
  if q.most > 0 then q.grew = q.grew + #held end
  return reply
end

-- Ends leases otherwise: how; ms until it comes back, or blank; ids. For each, whether it held.
function operations.N(q, from, to)
  due(q)
  local how, given = ARGV[from], tonumber(ARGV[from + 1])
  local ids, reply = {}, {}
  for i = from + 2, to do
    ids[#ids + 1] = ARGV[i]
    reply[#reply + 1] = 0
  end
  local found = handedOut(q, ids)
  table.sort(found, youngestFirst)
  local ended = #found
  -- The oldest is given up first, and comes back last: in either queue it is before the others then.
  for i = #found, 1, -1 do
    local one = found[i]
    reply[one.index] = 1
    if how == 'reject' or (how == 'retry' and isUsedUp(q, one.attempts)) then
      bury(q, one.record, how == 'reject' and 'rejected' or 'attempts', one.lease)
      finish(q, one)
      table.remove(found, i)
    end
  end
  for _, one in ipairs(found) do
    local record = one.record
    if how == 'release' then
      local isCounted = not one.isDelayed and not isFetch(one.lease)
      local cell = isCounted and withAttempts(record[1], -1) or record[1]
      back(q, cell, record[2], one.lease)
    else
      local ms = math.ceil((given or retryDelay(q, one.attempts)) / 10) * 10
      if ms > 0 then delay(q, one.lease, record, ms) else back(q, record[1], record[2], one.lease) end
    end
    finish(q, one)
  end
  if q.most > 0 then q.grew = q.grew + ended end
  return reply
end

-- Extends leases: ms from now on, ids. For each, whether it holds.
function operations.X(q, from, to)
  due(q)
  local reply = {}
  for i = from + 1, to do
    local holds = call('ZSCORE', q.leases, ARGV[i])
    if holds then call('ZADD', q.leases, now + tonumber(ARGV[from]), ARGV[i]) end
    reply[#reply + 1] = holds and 1 or 0
  end
  return reply
end

-- Looks at the queue. The number of items waiting.
function operations.S(q)
  due(q)
  return size(q)
end
