-- Notes what a device has heard. The one that was away for longest goes if there are too many. KEYS: account, devices.
-- ARGV: device, id, most.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
if (redis.call('HGET', KEYS[2], ARGV[1]) or '') < ARGV[2] then
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
if redis.call('HLEN', KEYS[2]) > tonumber(ARGV[3]) then
    local all, oldest, last = redis.call('HGETALL', KEYS[2]), nil, nil
    for n = 1, #all, 2 do
        if all[n] ~= ARGV[1] and (not last or all[n + 1] < last) then
            oldest, last = all[n], all[n + 1]
        end
    end
    redis.call('HDEL', KEYS[2], oldest)
end
return 1
