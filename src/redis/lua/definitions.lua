-- Which definition counts.

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
  local found = redis.pcall('HMGET', q.key, 'version', 'stamp', 'paused', 'edited', 'looked', unpack(FIELDS))
  q.counts, q.grew = {}, 0
  if found.err then
    q.broken = found.err
    found = {}
  end
  q.version, q.stamp, q.isPaused, q.edited = found[1], found[2], found[3] == '1', tonumber(found[4]) or 0
  q.looked = tonumber(found[5]) or 0
  local fields = {}
  for i, name in ipairs(FIELDS) do fields[name] = found[5 + i] or nil end
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
