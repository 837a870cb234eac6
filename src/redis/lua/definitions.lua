-- Which definition counts.

local FIELDS = { 'size', 'addmode', 'whenFull', 'attempts', 'retryDelay', 'deadLetter', 'maxInFlight' }

local function apply(q, fields)
  q.fields = fields
  q.size = tonumber(fields.size) or 0
  q.addmode = tonumber(fields.addmode) or 0
  q.refuses = fields.whenFull == 'refuse'
  q.attempts = tonumber(fields.attempts) or 0
  q.most = tonumber(fields.maxInFlight) or 0
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
