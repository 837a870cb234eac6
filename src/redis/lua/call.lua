-- The call itself: the queues are read, the groups done, those who wait are woken, and the reply is kept.

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
  if not q.broken then
    isDone, reply = pcall(operations[operation] or seldom()[operation], q, from, at - 1)
  end
  if not isDone then reply = { '!', type(reply) == 'table' and reply.err or tostring(reply) } end
  replies[#replies + 1] = reply
end

-- Wakes those who wait longest for a queue that has grown, one for each item. Only those that receive it count.
local function wake(q)
  local left = math.min(q.grew, size(q))
  if left <= 0 then return end
  local isBlocked = q.isPaused or (q.most > 0 and call('ZCARD', q.leases) >= q.most)
  for _, member in ipairs(call('ZRANGE', q.waiting, 0, -1)) do
    if left == 0 then return end
    if not isBlocked or byte(member) == 102 then
      call('ZREM', q.waiting, member)
      left = left - call('SPUBLISH', sub(KEYS[1], 1, -9) .. 'wake:' .. sub(member, 2), q.name)
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
