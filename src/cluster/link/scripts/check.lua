-- Tells an entry, the one before it, and the last one's number.
-- KEYS: entries
-- ARGV: number of the entry, number of the one before
local function entry(number)
  return redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {'checked', last and last[1] or '0-0', entry(ARGV[1]), entry(ARGV[2])}
