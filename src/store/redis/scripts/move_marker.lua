-- Lets a marker follow a room to its new name. KEYS: markers. ARGV: the old target, the new one.
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at then
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('ZADD', KEYS[1], at, ARGV[2])
end
return 0
