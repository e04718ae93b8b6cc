-- Notes how far the owner of an account has read. The oldest marker goes if there are too many. KEYS: account, markers.
-- ARGV: target, milliseconds, most.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
redis.call('ZADD', KEYS[2], 'GT', ARGV[2], ARGV[1])
if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[3]) then
    local oldest = redis.call('ZRANGE', KEYS[2], 0, 1)
    redis.call('ZREM', KEYS[2], oldest[1] == ARGV[1] and oldest[2] or oldest[1])
end
return 1
