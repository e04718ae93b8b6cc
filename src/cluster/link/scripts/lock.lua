-- Takes the lock, or tells its owner that somebody waits.
-- KEYS: lock, wanted, entries
-- ARGV: epoch, ms of the lock, ms for which others know that it is wanted
local lock, wanted, entries = KEYS[1], KEYS[2], KEYS[3]
local owner = redis.call('GET', lock)
if owner and owner ~= ARGV[1] then
  redis.call('SET', wanted, ARGV[1], 'PX', ARGV[3])
  return {'not locked'}
end
redis.call('SET', lock, ARGV[1], 'PX', ARGV[2])
local last = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
return {'locked', last and last[1] or '0-0'}
