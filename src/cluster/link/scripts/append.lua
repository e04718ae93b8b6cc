-- Appends an entry with the number after the last, and releases the lock in any case.
-- KEYS: lock, wanted, entries
-- ARGV: epoch, number, entry, about how many entries to keep
local lock, wanted, entries = KEYS[1], KEYS[2], KEYS[3]
local is_owner = redis.call('GET', lock) == ARGV[1]
if is_owner then
  redis.call('DEL', lock)
end
local last = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
last = last and last[1] or '0-0'
local number = tonumber(string.match(last, '^%d+'))
if not is_owner or number + 1 ~= tonumber(ARGV[2]) then
  return {'not appended', last}
end
redis.call('XADD', entries, 'MAXLEN', '~', ARGV[4], ARGV[2] .. '-0', 'e', ARGV[3])
local waits = redis.call('GET', wanted)
return {'appended', waits and waits ~= ARGV[1] and 1 or 0}
