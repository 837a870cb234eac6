-- One call: all that a client has asked for in one turn, in its order. It is the only thing that writes.
--
-- KEYS  the clients, the client, and for each queue: its hash, items, order, values, leases, leased, delayed, waiting
-- ARGV  the number of the call, the client, the time in ms or blank for the server's, the number of queues;
--       for each queue: name, stamp of its definition, index of its dead letter queue or 0, and what it is here for:
--       u used, l as a dead letter queue, d to be defined;
--       then the groups: index of the queue, operation, number of its arguments, arguments
--
-- An item is a cell: <stamp>[,<attempts>[,<reason>,<queue>]] NUL <type> NUL <key> NUL <value>. Where keys are unique, its
-- key is apart, and the rest is its body.

local VERSION = 1
local PORTION = 50
local MOST_BYTES = 8000000
local MOST_ENDED = 200
local MOST_REORDERED = 10000
local SILENCE = 60000
local DAY = 86400000
local KEPT = 600000
local BURY_AGAIN = 5000

local call = redis.call
local find, sub, byte, format = string.find, string.sub, string.byte, string.format
local number, client = tonumber(ARGV[1]), ARGV[2]

local kept = call('HMGET', KEYS[2], 'no', 'reply')
if kept[1] then
  if tonumber(kept[1]) == number then return cmsgpack.unpack(kept[2]) end
  -- A later call is done: this one comes from a connection that was given up.
  if tonumber(kept[1]) > number then return { 'stale' } end
end

local now = tonumber(ARGV[3])
if not now then
  local time = call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local queues = {}
local dropped = {}
local bytes = 0
local stamps = 0

--------------------------------------------------------------------------------------------------- cells

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

-- The stamp of a cell, the attempts, whence it came, and where its meta ends.
local function past(cell)
  local z = find(cell, '\0', 1, true)
  local came, attempts, origin = string.match(sub(cell, 1, z - 1), '^([^,]*),?(%d*)(.*)$')
  return came, tonumber(attempts) or 0, origin, z
end

local function withAttempts(cell, attempts)
  local came, _, origin, z = past(cell)
  if attempts == 0 and origin == '' then return came .. sub(cell, z) end
  return came .. ',' .. attempts .. origin .. sub(cell, z)
end

-- A cell as key and body.
local function parted(cell)
  local z1 = find(cell, '\0', 1, true)
  local z2 = find(cell, '\0', z1 + 1, true)
  local z3 = find(cell, '\0', z2 + 1, true)
  return sub(cell, z2 + 1, z3 - 1), sub(cell, 1, z2) .. sub(cell, z3 + 1)
end

local function joined(key, body)
  local z1 = find(body, '\0', 1, true)
  local z2 = find(body, '\0', z1 + 1, true)
  return sub(body, 1, z2) .. key .. '\0' .. sub(body, z2 + 1)
end

--------------------------------------------------------------------------------------------------- queues

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

local function delay(q, lease, record, ms)
  call('HSET', q.leased, '~' .. lease, cmsgpack.pack(record))
  call('ZADD', q.delayed, now + ms, '~' .. lease)
end

-- An item is given up: it goes to the dead letter queue or, where there is none, is dropped.
local function bury(q, record, reason, lease)
  local cell = record[1]
  local dead = queues[q.dead]
  if not dead then return tell(q, reason, lease, cell) end
  if dead.broken then return delay(q, lease, record, BURY_AGAIN) end
  local _, _, _, z = past(cell)
  count(q, reason, 1)
  local why, other = put(dead, stamp() .. ',0,' .. reason .. ',' .. q.name .. sub(cell, z))
  if why then tell(dead, why, '', other) end
end

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

-- Takes what is handed out by its ids, as records with their id; those that are not there are left out.
local function ended(q, ids)
  local found = {}
  for from = 1, #ids, 1000 do
    local to = math.min(from + 999, #ids)
    local records = call('HMGET', q.leased, unpack(ids, from, to))
    for i = from, to do
      local packed = records[i - from + 1]
      if packed and call('HDEL', q.leased, ids[i]) == 1 then
        local isDelayed = byte(ids[i]) == 126
        call('ZREM', isDelayed and q.delayed or q.leases, ids[i])
        local record = cmsgpack.unpack(packed)
        local came, attempts = past(record[1])
        found[#found + 1] = {
          index = i, id = isDelayed and sub(ids[i], 2) or ids[i], isDelayed = isDelayed,
          record = record, came = came, attempts = attempts,
        }
      end
    end
  end
  return found
end

-- Leases that have ended by themselves, or with their owner: back as the next attempt, or given up.
local function comeBack(q, ids)
  local found = {}
  for _, one in ipairs(ended(q, ids)) do
    if not one.isDelayed and not isFetch(one.id) and isUsedUp(q, one.attempts) then
      bury(q, one.record, 'attempts', one.id)
    else
      found[#found + 1] = one
    end
  end
  table.sort(found, youngestFirst)
  for _, one in ipairs(found) do back(q, one.record[1], one.record[2], one.id) end
end

-- Ends what is due, once in a call.
local function due(q)
  if q.isDue then return end
  q.isDue = true
  local ids = call('ZRANGEBYSCORE', q.leases, '-inf', now, 'LIMIT', 0, MOST_ENDED)
  local delayed = call('ZRANGEBYSCORE', q.delayed, '-inf', now, 'LIMIT', 0, MOST_ENDED)
  for _, id in ipairs(delayed) do ids[#ids + 1] = id end
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
  local delays = q.delays
  return (delays[math.min(attempt, #delays)] or 0) * 1000
end

--------------------------------------------------------------------------------------------------- definitions

local FIELDS = { 'size', 'addmode', 'whenFull', 'attempts', 'retryDelay', 'deadLetter', 'maxInFlight' }

local function apply(q, fields)
  q.fields = fields
  q.size = tonumber(fields.size) or 0
  q.addmode = tonumber(fields.addmode) or 0
  q.refuses = fields.whenFull == 'refuse'
  q.attempts = tonumber(fields.attempts) or 0
  q.most = tonumber(fields.maxInFlight) or 0
  q.delays = {}
  for text in string.gmatch(fields.retryDelay or '1', '[^,]+') do q.delays[#q.delays + 1] = tonumber(text) end
end

local function readQueue(q)
  local found = redis.pcall('HMGET', q.key, 'version', 'stamp', 'paused', 'edited', unpack(FIELDS))
  q.counts, q.grew = {}, 0
  if found.err then
    q.broken = found.err
    found = {}
  end
  q.version, q.stamp, q.isPaused, q.edited = found[1], found[2], found[3] == '1', tonumber(found[4]) or 0
  local fields = {}
  for i, name in ipairs(FIELDS) do fields[name] = found[4 + i] or nil end
  apply(q, fields)
end

-- Adds again in order what is there, since its addmode is another one.
local function reorder(q, before)
  local cells = {}
  q.addmode, q.count = before, nil
  repeat
    local portion = pop(q, 1000)
    for _, cell in ipairs(portion) do cells[#cells + 1] = cell end
  until #portion == 0
  q.addmode, q.count = tonumber(q.fields.addmode), nil
  for _, cell in ipairs(cells) do
    local reason, other = put(q, cell)
    if reason then tell(q, reason, '', other) end
  end
end

-- Makes the definition the one that counts, where it is newer than the one that does; which one counts now.
local function define(q, fields, edited)
  local isNew = not q.version
  local isChange = isNew
  for _, name in ipairs(FIELDS) do
    if (q.fields[name] or '') ~= fields[name] then isChange = true end
  end
  local refusal = ''
  if isNew or edited > q.edited then
    local before = q.addmode
    local length = size(q)
    if isChange and before ~= tonumber(fields.addmode) and length > MOST_REORDERED then
      refusal = 'full'
    else
      local written = { 'version', VERSION, 'edited', edited }
      if isChange then
        q.stamp = client .. '.' .. number .. '.' .. q.index
        written[5], written[6] = 'stamp', q.stamp
        for _, name in ipairs(FIELDS) do
          written[#written + 1], written[#written + 2] = name, fields[name]
        end
      end
      call('HSET', q.key, unpack(written))
      q.version, q.edited = VERSION, edited
      if isChange then
        apply(q, fields)
        if before ~= q.addmode and length > 0 then reorder(q, before) end
        q.grew = q.grew + size(q)
      end
    end
  end
  local reply = { refusal, q.stamp, q.edited }
  for _, name in ipairs(FIELDS) do reply[#reply + 1] = q.fields[name] or '' end
  return reply
end

--------------------------------------------------------------------------------------------------- operations

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
  local records, ends = {}, {}
  local taken = takeCells(q, most, function(cell, place)
    if not lease then
      reply[#reply + 1] = cell
      return true
    end
    if kind == 'c' then
      local _, attempts = past(cell)
      if isUsedUp(q, attempts) then
        bury(q, { cell, place }, 'attempts', '')
        return false
      end
      cell = withAttempts(cell, attempts + 1)
    end
    reply[#reply + 1] = cell
    local name = format('%s-%09d%s', client, id, kind == 'f' and 'f' or '')
    id = id + 1
    local n = #records
    records[n + 1], records[n + 2] = name, cmsgpack.pack({ cell, place })
    ends[n + 1], ends[n + 2] = now + lease, name
    return true
  end)
  for i = 1, #records, 1000 do
    local last = math.min(i + 999, #records)
    call('HSET', q.leased, unpack(records, i, last))
    call('ZADD', q.leases, unpack(ends, i, last))
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
  local reply, held, fetched = {}, 0, 0
  for i = from, to do
    local isHeld = call('ZREM', q.leases, ARGV[i])
    if isHeld == 1 then
      call('HDEL', q.leased, ARGV[i])
      held = held + 1
      if isFetch(ARGV[i]) then fetched = fetched + 1 end
    end
    reply[#reply + 1] = isHeld
  end
  count(q, 'fetched', fetched)
  count(q, 'acknowledged', held - fetched)
  if q.most > 0 then q.grew = q.grew + held end
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
  local found = ended(q, ids)
  for _, one in ipairs(found) do reply[one.index] = 1 end
  table.sort(found, youngestFirst)
  for _, one in ipairs(found) do
    local record = one.record
    if how == 'reject' then
      bury(q, record, 'rejected', one.id)
    elseif how == 'release' then
      local isCounted = not one.isDelayed and not isFetch(one.id)
      local cell = isCounted and withAttempts(record[1], one.attempts - 1) or record[1]
      back(q, cell, record[2], one.id)
    elseif isUsedUp(q, one.attempts) then
      bury(q, record, 'attempts', one.id)
    else
      local ms = math.ceil((given or retryDelay(q, one.attempts)) / 10) * 10
      if ms > 0 then delay(q, one.id, record, ms) else back(q, record[1], record[2], one.id) end
    end
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

-- Ends the leases of clients that have not been heard of for a minute.
function operations.R(q)
  due(q)
  local silent, ids = {}, {}
  for _, id in ipairs(call('ZREVRANGE', q.leases, 0, 999)) do
    local owner = sub(id, 1, find(id, '-', 1, true) - 1)
    if silent[owner] == nil then
      local heard = call('ZSCORE', KEYS[1], owner)
      silent[owner] = not heard or tonumber(heard) < now - SILENCE
    end
    if silent[owner] then ids[#ids + 1] = id end
  end
  if #ids > 0 then comeBack(q, ids) end
  call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - DAY)
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

--------------------------------------------------------------------------------------------------- the call

local at = 5
local unknown = {}
for i = 1, tonumber(ARGV[4]) do
  local k = 2 + (i - 1) * 8
  local q = {
    index = i, key = KEYS[k + 1], items = KEYS[k + 2], order = KEYS[k + 3], values = KEYS[k + 4],
    leases = KEYS[k + 5], leased = KEYS[k + 6], delayed = KEYS[k + 7], waiting = KEYS[k + 8],
    name = ARGV[at], dead = tonumber(ARGV[at + 2]),
  }
  readQueue(q)
  if q.version and tonumber(q.version) > VERSION then return { 'version' } end
  if ARGV[at + 3] == 'u' and not q.broken and (not q.version or q.stamp ~= ARGV[at + 1]) then
    unknown[#unknown + 1] = q.name
  end
  queues[i] = q
  at = at + 4
end
if #unknown > 0 then return { 'define', unknown } end

call('ZADD', KEYS[1], now, client)

local replies = {}
while at <= #ARGV do
  local q = queues[tonumber(ARGV[at])]
  local operation, length = ARGV[at + 1], tonumber(ARGV[at + 2])
  local from = at + 3
  at = from + length
  local isDone, reply = false, q.broken
  if not q.broken then isDone, reply = pcall(operations[operation], q, from, at - 1) end
  if not isDone then reply = { '!', type(reply) == 'table' and reply.err or tostring(reply) } end
  replies[#replies + 1] = reply
end

-- Wakes those who wait longest for a queue that has grown: one for each item, and those who are there to hear it.
local function wake(q)
  local left = math.min(q.grew, size(q))
  if left <= 0 then return end
  local isBlocked = q.isPaused or (q.most > 0 and call('ZCARD', q.leases) >= q.most)
  for _, member in ipairs(call('ZRANGE', q.waiting, 0, -1)) do
    if left == 0 then return end
    if not isBlocked or byte(member) == 102 then
      call('ZREM', q.waiting, member)
      left = left - call('SPUBLISH', sub(KEYS[1], 1, -8) .. 'wake:' .. sub(member, 2), q.name)
    end
  end
end

local counts = {}
for i, q in ipairs(queues) do
  counts[3 * i - 2], counts[3 * i - 1], counts[3 * i] = 0, 0, q.isPaused and 1 or 0
  if not q.broken then
    pcall(function()
      for what, by in pairs(q.counts) do
        if by ~= 0 then call('HINCRBY', q.key, 'n:' .. what, by) end
      end
      if q.grew > 0 then wake(q) end
      counts[3 * i - 2] = size(q)
      counts[3 * i - 1] = call('ZCARD', q.leases) + call('ZCARD', q.delayed)
    end)
  end
end

local reply = { 'ok', now, counts, dropped, replies }
call('HSET', KEYS[2], 'no', number, 'reply', cmsgpack.pack(reply))
call('PEXPIRE', KEYS[2], KEPT)
return reply
