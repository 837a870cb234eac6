-- What is seldom asked for. It is made only for who asks, since to make functions takes as long as half a call does.
local function seldom()
  local operations = {}

  -- Adds again in order what is there, since its addmode is another one.
  local function reorder(q, before)
    local cells, gone = {}, {}
    -- What has something else in its place must be known before anything is taken.
    call('LLEN', q.items)
    call('ZCARD', q.order)
    call('HLEN', q.values)
    q.addmode, q.count = before, nil
    repeat
      local portion = pop(q, 1000)
      for _, cell in ipairs(portion) do cells[#cells + 1] = cell end
    until #portion == 0
    q.addmode, q.count = tonumber(q.fields.addmode), nil
    for _, cell in ipairs(cells) do
      local reason, other = put(q, cell)
      if reason then
        count(q, reason, 1)
        gone[#gone + 1], gone[#gone + 2] = reason, other
      end
    end
    return gone
  end

  -- Makes the definition the one that counts, where it is newer than the one that does; which one counts now.
  local function define(q, fields, edited)
    local isNew = not q.version
    local isChange = isNew
    for _, name in ipairs(FIELDS) do
      if (q.fields[name] or '') ~= fields[name] then isChange = true end
    end
    local refusal, gone = '', {}
    if isNew or edited > q.edited then
      local before = q.addmode
      -- Whatever is in the place of its items: the operations on them will say so.
      local isCounted, length = pcall(size, q)
      if not isCounted then length = 0 end
      if isChange and before ~= tonumber(fields.addmode) and length > MOST_REORDERED then
        refusal = 'too many items'
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
          if before ~= q.addmode and length > 0 then gone = reorder(q, before) end
          q.grew = q.grew + length
        end
      end
    end
    local reply = { refusal, q.stamp, q.edited }
    for _, name in ipairs(FIELDS) do reply[#reply + 1] = q.fields[name] or '' end
    for _, part in ipairs(gone) do reply[#reply + 1] = part end
    return reply
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

  -- The cells from one place to another; 0 is the oldest.
  local function cellsAt(q, first, last)
    if q.addmode == 0 then return call('LRANGE', q.items, first, last) end
    local cells = call('ZRANGE', q.order, first, last)
    local bodies = #cells > 0 and call('HMGET', q.values, unpack(cells)) or {}
    for i, key in ipairs(cells) do cells[i] = joined(key, bodies[i]) end
    return cells
  end

  -- Where an item waits, and its cell; nothing where it does not. It is named by the place it was seen at, its stamp, and
  -- the hash of all but its meta. Items move up as others go; few come back before them. So it is looked for from its place
  -- on to the head, and then a little behind it.
  local function locate(q, seenAt, came, hash)
    local largest
    local function among(first, last)
      local cells = cellsAt(q, first, last)
      for i, cell in ipairs(cells) do
        largest = math.max(largest or 0, #cell)
        local stamped, _, _, z = past(cell)
        if stamped == came and redis.sha1hex(sub(cell, z)) == hash then return first + i - 1, cell end
      end
    end
    local from = math.min(tonumber(seenAt), size(q) - 1)
    local last = from
    while last >= 0 do
      local first = last + 1 - portionOf(last + 1, largest)
      local at, cell = among(first, last)
      if at then return at, cell end
      last = first - 1
    end
    local most = math.min(from + 1000, q.count - 1)
    local first = from + 1
    while first <= most do
      last = first - 1 + portionOf(most + 1 - first, largest)
      local at, cell = among(first, last)
      if at then return at, cell end
      first = last + 1
    end
  end

  -- Takes the item out that is named so: its cell and, where keys are unique, its place among the others.
  local function takeOut(q, seenAt, came, hash)
    local at, cell = locate(q, seenAt, came, hash)
    if not at then return end
    local place
    size(q)
    if q.addmode == 0 then
      call('LSET', q.items, at, '')
      call('LREM', q.items, 1, '')
    else
      local key = parted(cell)
      place = call('ZSCORE', q.order, key)
      call('ZREM', q.order, key)
      call('HDEL', q.values, key)
    end
    q.count = q.count - 1
    return cell, place
  end

  -- Looks at one item: its name. Its place now and its cell, or nothing.
  function operations.V(q, from)
    due(q)
    return { locate(q, ARGV[from], ARGV[from + 1], ARGV[from + 2]) }
  end

  -- Removes one item: its name. How many that were.
  function operations.O(q, from)
    due(q)
    local removed = takeOut(q, ARGV[from], ARGV[from + 1], ARGV[from + 2]) and 1 or 0
    count(q, 'removed', removed)
    return removed
  end

  -- Takes one item on a lease, as a fetch does: ms of the lease, its number, the name of the item. The reply is that of T.
  function operations.L(q, from)
    due(q)
    -- What cannot be noted must not be taken.
    call('HLEN', q.leased)
    call('ZCARD', q.leases)
    local cell, place = takeOut(q, ARGV[from + 2], ARGV[from + 3], ARGV[from + 4])
    if not cell then return { size(q), -1, 0 } end
    local id = format('%s-%09df', client, tonumber(ARGV[from + 1]))
    call('HSET', q.leased, id, cmsgpack.pack({ cell, place }))
    call('ZADD', q.leases, now + tonumber(ARGV[from]), id)
    return { q.count, -1, 0, cell }
  end

  -- Looks at items: from which place on, 0 is the oldest, and how many. Their cells, as many as one reply takes.
  function operations.P(q, from)
    due(q)
    local reply = {}
    local first, largest = tonumber(ARGV[from]), nil
    local most = first + tonumber(ARGV[from + 1])
    while first < most and bytes < MOST_BYTES do
      local last = first + portionOf(most - first, largest) - 1
      local cells = cellsAt(q, first, last)
      if #cells == 0 then break end
      for _, cell in ipairs(cells) do
        bytes = bytes + #cell
        largest = math.max(largest or 0, #cell)
        reply[#reply + 1] = cell
      end
      first = last + 1
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
    takeCells(q, math.min(1000, size(q) - q.size), function(cell)
      reply[#reply + 1] = cell
      return true
    end)
    count(q, 'overflow', #reply)
    return reply
  end

  -- Defines: when it was edited, and the fields in their order. Why not, the stamp, the time of editing and the fields of
  -- what counts now; reasons and cells of what no longer fits because of another addmode.
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

  return operations
end
