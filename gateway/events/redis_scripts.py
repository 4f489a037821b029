"""What Redis does in one step: the Lua scripts by which the log of events stays whole. Run by `redis_bus.py`.

The hash STATE says all about the log that must change together: its name (`log`), the capture's `place`, how many times
something was added (`appends`), and the positions of its newest entry (`last`) and of the newest one that was given up
(`trimmed`). The entries are in the stream `STATE:<log>`. LEASE holds the name of whoever may write.
"""

from __future__ import annotations

STATE = "iperform-gateway:events"
LEASE = "iperform-gateway:events:lease"
# The fencing tokens of the lease.
TOKENS = "iperform-gateway:events:lease-tokens"

# Positions have 64 bits in each part and Lua's numbers 53: they are compared as text.
_LATER = """
local function larger(one, other)
  if #one ~= #other then return #one > #other end
  return one > other
end
local function later(one, other)
  local major, minor = string.match(one, '(%d+)-(%d+)')
  local other_major, other_minor = string.match(other, '(%d+)-(%d+)')
  if major ~= other_major then return larger(major, other_major) end
  return larger(minor, other_minor)
end
"""

# Entries go together with the position of the newest of them, so that a cursor before it is known to have missed some.
# XTRIM alone would not say which it has given up.
_GIVE_UP = """
local MOST_AT_ONCE = 5000
local function give_up(state, stream, newest)
  local major, minor = string.match(newest, '(%d+)-(%d+)')
  redis.call('xtrim', stream, 'MINID', major .. '-' .. string.format('%.0f', minor + 1))
  redis.call('hset', state, 'trimmed', newest)
end
local function shorten(state, stream, most, slack)
  local over = redis.call('xlen', stream) - most
  if over <= slack then return 0 end
  local oldest = redis.call('xrange', stream, '-', '+', 'COUNT', math.min(over, MOST_AT_ONCE))
  give_up(state, stream, oldest[#oldest][1])
  return over > MOST_AT_ONCE and 1 or 0
end
"""

_MILLISECONDS = """
local function milliseconds()
  local now = redis.call('time')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end
"""

# KEYS: state, lease. ARGV: holder, log, appends, whether there is a place, place, entries, bound, slack.
#
# `appends` is what the writer believes: where Redis has lost its last writes, or has carried out one whose answer never
# came, it isn't so, and nothing is added.
#
# An entry without a major part is of a capture that has no number for its transactions: it gets the time in
# microseconds. A Redis that has lost its last writes would give the next number a second time, to another event.
APPEND = (
    _LATER
    + _GIVE_UP
    + _MILLISECONDS
    + """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return {'lost', 0} end
local state = redis.call('hmget', KEYS[1], 'log', 'appends', 'last')
if state[1] ~= ARGV[2] or state[2] ~= ARGV[3] then return {'moved', 0} end
local stream = KEYS[1] .. ':' .. state[1]
local last = state[3]
local added = 0
local at = string.format('%.0f', milliseconds())
local now = redis.call('time')
local newest = math.max(now[1] * 1000000 + now[2], string.match(last, '%d+') + 0)
local major
for _, entry in ipairs(cjson.decode(ARGV[6])) do
  if entry[1] ~= '' then
    major = entry[1]
  elseif entry[2] == '0' then
    newest = newest + 1
    major = string.format('%.0f', newest)
  end
  local position = major .. '-' .. entry[2]
  if later(position, last) then
    redis.call('xadd', stream, position, 'at', at, unpack(entry[3]))
    last = position
    added = added + 1
  end
end
redis.call('hset', KEYS[1], 'last', last, 'appends', string.format('%.0f', state[2] + 1))
if ARGV[4] == '1' then redis.call('hset', KEYS[1], 'place', ARGV[5]) end
if added > 0 then shorten(KEYS[1], stream, tonumber(ARGV[7]), tonumber(ARGV[8])) end
return {'ok', added}
"""
)

# KEYS: state, lease. ARGV: holder.
STANDING = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return {'lost'} end
local state = redis.call('hmget', KEYS[1], 'log', 'place', 'appends')
return {'ok', state[1], state[2], state[3]}
"""

# KEYS: state, lease. ARGV: holder, the log before or nothing, its appends or nothing, the new log, place.
BEGIN = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 'lost' end
local state = redis.call('hmget', KEYS[1], 'log', 'appends')
if (state[1] or '') ~= ARGV[2] or (state[2] or '') ~= ARGV[3] then return 'moved' end
if state[1] then redis.call('unlink', KEYS[1] .. ':' .. state[1]) end
redis.call('hset', KEYS[1], 'log', ARGV[4], 'place', ARGV[5], 'appends', '0', 'trimmed', '0-0', 'last', '0-0')
return 'ok'
"""

# KEYS: state. ARGV: bound, slack, milliseconds that an entry is kept. Answers 1 where there is more to give up.
TRIM = (
    _GIVE_UP
    + _MILLISECONDS
    + """
local log = redis.call('hget', KEYS[1], 'log')
if not log then return 0 end
local stream = KEYS[1] .. ':' .. log
local more = shorten(KEYS[1], stream, tonumber(ARGV[1]), tonumber(ARGV[2]))
local oldest = redis.call('xrange', stream, '-', '+', 'COUNT', 1000)
local before = milliseconds() - ARGV[3]
local old = 0
for place, entry in ipairs(oldest) do
  -- The moment of adding is the first field.
  if tonumber(entry[2][2]) >= before then break end
  old = place
end
if old > 0 then give_up(KEYS[1], stream, oldest[old][1]) end
return (more == 1 or old == 1000) and 1 or 0
"""
)

# KEYS: state. ARGV: log, position, most.
READ = (
    _LATER
    + """
local state = redis.call('hmget', KEYS[1], 'log', 'trimmed')
if state[1] ~= ARGV[1] or later(state[2], ARGV[2]) then return {'expired'} end
return {'ok', redis.call('xrange', KEYS[1] .. ':' .. state[1], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])}
"""
)

# KEYS: lease, tokens. ARGV: who had it last, or nothing; who wants it; milliseconds. Answers the name of the holder.
# Whoever had it last has it still where they couldn't give it back.
TAKE = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
local taken = redis.call('incr', KEYS[2]) .. '-' .. ARGV[2]
redis.call('set', KEYS[1], taken, 'PX', ARGV[3])
return taken
"""

# KEYS: lease. ARGV: holder, milliseconds.
RENEW = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])
"""

# KEYS: lease. ARGV: holder.
GIVE_BACK = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])
"""
