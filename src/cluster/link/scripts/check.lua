-- Tells an entry, and the last one's number.
-- KEYS: entries
-- ARGV: number
local id = ARGV[1] .. '-0'
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {'checked', last and last[1] or '0-0', redis.call('XRANGE', KEYS[1], id, id)}
