-- Sets or removes metadata of an account. KEYS: account, metadata. ARGV: the last event before, number of the account, key,
-- value if it is set.
if redis.call('EXISTS', KEYS[1]) == 0 or not is_newer('metadata:' .. ARGV[2] .. ':' .. ARGV[3]) then
    return 0
end
if ARGV[4] then
    redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
else
    redis.call('HDEL', KEYS[2], ARGV[3])
end
return 1
