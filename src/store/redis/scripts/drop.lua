-- Deletes an account and what belongs to it, and returns 1; 0 if there is no such account. KEYS: names, accounts, certificates,
-- staying, account, its certificates, then other keys of its own. ARGV: number of the account.
local folded = redis.call('HGET', KEYS[5], 'folded')
if not folded then
    return 0
end
for _, certificate in ipairs(redis.call('SMEMBERS', KEYS[6])) do
    redis.call('HDEL', KEYS[3], certificate)
end
redis.call('HDEL', KEYS[1], folded)
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
for n = 5, #KEYS do
    redis.call('UNLINK', KEYS[n])
end
return 1
