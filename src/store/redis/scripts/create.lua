-- Creates an account, and returns its number; 0 if the name or the certificate is another's. KEYS: names, accounts, certificates,
-- last-account. ARGV: folded name, name, nanoseconds, number from which to count if none is known, certificate or nothing, then
-- fields and values.
local hash = ''
for n = 6, #ARGV, 2 do
    if ARGV[n] == 'hash' then
        hash = ARGV[n + 1]
    end
end
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
    -- A node asks again if it has got no answer.
    local account = redis.call('HMGET', 'parlor:{store}:account:' .. known, 'created', 'hash')
    return account[1] == ARGV[3] and (account[2] or '') == hash and tonumber(known) or 0
end
if ARGV[5] ~= '' and redis.call('HEXISTS', KEYS[3], ARGV[5]) == 1 then
    return 0
end
redis.call('SET', KEYS[4], ARGV[4], 'NX')
local id = redis.call('INCR', KEYS[4])
if id > 4294967295 then
    return redis.error_reply('ERR there are no more numbers for accounts')
end
local account = 'parlor:{store}:account:' .. id
redis.call('HSET', account, 'folded', ARGV[1], 'name', ARGV[2], 'created', ARGV[3])
for n = 6, #ARGV, 2 do
    redis.call('HSET', account, ARGV[n], ARGV[n + 1])
end
redis.call('HSET', KEYS[1], ARGV[1], id)
redis.call('HSET', KEYS[2], id, ARGV[2])
if ARGV[5] ~= '' then
    redis.call('HSET', KEYS[3], ARGV[5], id)
    redis.call('SADD', account .. ':certificates', ARGV[5])
end
return id
