-- Each is called with its queue and where its arguments begin and end, and returns its reply.
local operations = {}

-- Adds: cells; or keys and bodies, where keys are unique. The size before, and what became of each or was dropped.
function operations.A(q, from, to)
  due(q)
  local before = size(q)
  local reply = { before }
  if q.addmode > 0 then
    local place = call('HINCRBY', q.key, 'next', (to - from + 1) / 2) - (to - from + 1) / 2
    for i = from, to, 2 do
      place = place + 1
      local reason, other = putKeyed(q, ARGV[i], ARGV[i + 1], place)
      if reason then count(q, reason, 1) end
      reply[#reply + 1] = reason or ''
      if other then reply[#reply + 1] = other end
    end
    return reply
  end
  local last = to
  if q.refuses and q.size > 0 then last = math.min(to, from - 1 + math.max(0, q.size - before)) end
  for i = from, last, 1000 do call('RPUSH', q.items, unpack(ARGV, i, math.min(i + 999, last))) end
  local added = last - from + 1
  q.count = before + added
  q.grew = q.grew + added
  if to > last then count(q, 'full', to - last) end
  if q.size == 0 or q.refuses then return reply end
  local over = math.min(added, q.count - q.size)
  while over > 0 do
    local cells = pop(q, math.min(over, 1000))
    if #cells == 0 then break end
    for _, cell in ipairs(cells) do reply[#reply + 1] = cell end
    over = over - #cells
    count(q, 'overflow', #cells)
  end
  return reply
end

-- Takes up to so many cells, and stops where they are too large together.
local function takeCells(q, most, each)
  local taken = 0
  while taken < most and bytes < MOST_BYTES do
    local cells, places = pop(q, math.min(PORTION, most - taken))
    if #cells == 0 then break end
    for i, cell in ipairs(cells) do
      bytes = bytes + #cell
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
-- waits, 0 or since when. What is left, ms until something is due, since when it waits, and the cells.
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
  -- What cannot be noted must not be taken.
  if lease then call('HLEN', q.leased) end
  local taken = takeCells(q, most, function(cell, place)
    if not lease then
      reply[#reply + 1] = cell
      return true
    end
    local name = format('%s-%09d%s', client, id, kind == 'f' and 'f' or '')
    if kind == 'c' then
      local _, attempts = past(cell)
      if isUsedUp(q, attempts) then
        bury(q, { cell, place }, 'attempts', name)
        return false
      end
      cell = withAttempts(cell, attempts + 1)
    end
    reply[#reply + 1] = cell
    id = id + 1
    local n = #records
    records[n + 1], records[n + 2] = name, cmsgpack.pack({ cell, place })
    scores[n + 1], scores[n + 2] = now + lease, name
    return true
  end)
  for i = 1, #records, 1000 do
    local last = math.min(i + 999, #records)
    call('HSET', q.leased, unpack(records, i, last))
    call('ZADD', q.leases, unpack(scores, i, last))
  end
  if not lease then count(q, 'fetched', taken) end
  reply[1] = q.count
  if taken == 0 and since then
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
  for _, one in ipairs(found) do
    local record = one.record
    if how == 'reject' then
      bury(q, record, 'rejected', one.lease)
    elseif how == 'release' then
      local isCounted = not one.isDelayed and not isFetch(one.lease)
      local cell = isCounted and withAttempts(record[1], one.attempts - 1) or record[1]
      back(q, cell, record[2], one.lease)
    elseif isUsedUp(q, one.attempts) then
      bury(q, record, 'attempts', one.lease)
    else
      local ms = math.ceil((given or retryDelay(q, one.attempts)) / 10) * 10
      if ms > 0 then delay(q, one.lease, record, ms) else back(q, record[1], record[2], one.lease) end
    end
    finish(q, one)
    reply[one.index] = 1
  end
  if q.most > 0 then q.grew = q.grew + #found end
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

-- Everything that is counted: how many other clients wait, the oldest cell or blank, and the counters with their names.
function operations.I(q)
  due(q)
  local waiting = 0
  for _, member in ipairs(call('ZRANGE', q.waiting, 0, -1)) do
    if sub(member, 2) ~= client then waiting = waiting + 1 end
  end
  local oldest = call('LINDEX', q.items, 0)
  if q.addmode > 0 then
    local key = call('ZRANGE', q.order, 0, 0)[1]
    oldest = key and call('HGET', q.values, key)
  end
  local reply = { waiting, oldest or '' }
  local all = call('HGETALL', q.key)
  for i = 1, #all, 2 do
    if sub(all[i], 1, 2) == 'n:' then
      reply[#reply + 1] = sub(all[i], 3)
      reply[#reply + 1] = tonumber(all[i + 1])
    end
  end
  for what, by in pairs(q.counts) do
    reply[#reply + 1] = what
    reply[#reply + 1] = by
  end
  return reply
end

-- Looks at the oldest items: how many. Their cells.
function operations.P(q, from)
  due(q)
  local reply, most = {}, tonumber(ARGV[from])
  local first = 0
  while first < most and bytes < MOST_BYTES do
    local last = math.min(first + PORTION, most) - 1
    local cells
    if q.addmode == 0 then
      cells = call('LRANGE', q.items, first, last)
    else
      cells = call('ZRANGE', q.order, first, last)
      local bodies = #cells > 0 and call('HMGET', q.values, unpack(cells)) or {}
      for i, key in ipairs(cells) do cells[i] = joined(key, bodies[i]) end
    end
    if #cells == 0 then break end
    for _, cell in ipairs(cells) do
      bytes = bytes + #cell
      reply[#reply + 1] = cell
    end
    first = first + PORTION
  end
  return reply
end

-- Removes the items of a key. How many those were.
function operations.M(q, from)
  due(q)
  local removed = 0
  local total = size(q)
  if q.addmode > 0 then
    removed = call('ZREM', q.order, ARGV[from])
    call('HDEL', q.values, ARGV[from])
  else
    for first = 0, total - 1, 1000 do
      for i, cell in ipairs(call('LRANGE', q.items, first, first + 999)) do
        if parted(cell) == ARGV[from] then
          call('LSET', q.items, first + i - 1, '')
          removed = removed + 1
        end
      end
    end
    if removed > 0 then call('LREM', q.items, 0, '') end
  end
  q.count = total - removed
  count(q, 'removed', removed)
  return removed
end

-- Removes all items. How many those were.
function operations.C(q)
  due(q)
  local removed = size(q)
  call('UNLINK', q.items, q.order, q.values)
  q.count = 0
  count(q, 'removed', removed)
  return removed
end

-- Pauses, 1, or resumes, 0.
function operations.Z(q, from)
  q.isPaused = ARGV[from] == '1'
  call('HSET', q.key, 'paused', ARGV[from])
  if not q.isPaused then q.grew = q.grew + size(q) end
  return 0
end

-- Nobody waits here any more. What it was woken for wakes another one.
function operations.U(q)
  call('ZREM', q.waiting, 'c' .. client, 'f' .. client)
  q.grew = q.grew + 1
  return 0
end

-- Puts cells back that were fetched for nobody.
function operations.B(q, from, to)
  for i = to, from, -1 do back(q, ARGV[i], nil, '') end
  count(q, 'fetched', from - to - 1)
  return 0
end

-- Drops the oldest items that are beyond the bound. Their cells, as many as one reply takes.
function operations.E(q)
  local reply = {}
  if q.size == 0 or q.refuses then return reply end
  local over = math.min(1000, size(q) - q.size)
  if over > 0 then reply = pop(q, over) end
  count(q, 'overflow', #reply)
  return reply
end

-- Defines: when it was edited, and the fields in their order. Why not, the stamp, the time of editing and the fields of what
-- counts now.
function operations.D(q, from)
  local fields = {}
  for i, name in ipairs(FIELDS) do fields[name] = ARGV[from + i] end
  return define(q, fields, tonumber(ARGV[from]))
end

-- The client ends: it is forgotten, so that nobody waits for what it has.
function operations.Q()
  call('ZREM', KEYS[1], client)
  return 0
end
