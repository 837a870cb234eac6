-- One call: all that a client has asked for in one turn, in its order. It is the only thing that writes.
--
-- KEYS  the clients, the client, and for each queue: its hash, items, order, values, leases, leased, delayed, waiting
-- ARGV  the number of the call, the client, the time in ms or blank for the server's, the number of queues;
--       for each queue: name, stamp of its definition, index of its dead letter queue or 0, and what it is here for:
--       u used, by the definition of that stamp; l taken as it is found; d to be defined;
--       then the groups: index of the queue, operation, number of its arguments, arguments
--
-- An item is a cell: <stamp>[,<attempts>[,<reason>,<queue>]] NUL <type> NUL <key> NUL <value>. Where keys are unique, its
-- key is apart, and the rest is its body.

local VERSION = 1
local PORTION = 50
local MOST_BYTES = 4000000
local MOST_ENDED = 200
local MOST_REORDERED = 10000
-- A client that has not reported for so long is gone: it reports every 5 s, and may be busy for 60.
local SILENCE = 66000
-- How often one looks for the leases of clients that are gone, in ms.
local LOOK_AGAIN = 7000
local DAY = 86400000
local KEPT = 600000
local BURY_AGAIN = 5000

local call = redis.call
local find, sub, byte, format = string.find, string.sub, string.byte, string.format
local number, client = tonumber(ARGV[1]), ARGV[2]

local last = tonumber(call('HGET', KEYS[2], 'no') or 0)
if last == number then return cmsgpack.unpack(call('HGET', KEYS[2], 'reply')) end
-- A later call is done: this one comes from a connection that was given up.
if last > number then return { 'stale' } end

local now = tonumber(ARGV[3])
if not now then
  local time = call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local queues = {}
local dropped = {}
local bytes = 0
local stamps = 0
