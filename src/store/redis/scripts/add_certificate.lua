-- Adds a certificate to an account, and returns 1; 0 if it is another's or there are too many, -1 if there is no such account.
-- KEYS: account, the account's certificates, certificates. ARGV: number of the account, certificate, most.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return -1
end
local owner = redis.call('HGET', KEYS[3], ARGV[2])
if owner then
    return owner == ARGV[1] and 1 or 0
end
if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[3]) then
    return 0
end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
return 1
