-- Sets fields of an account, and returns 1; 0 if there is no such account. KEYS: account. ARGV: fields and values.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
