-- Keeps who stays without connections, and where. One script does all of it, so that a broker that does not know it yet gets the
-- changes in their order.
-- KEYS: account, staying, stay. ARGV: the last event before, what to do, number of the account, then what that needs.
local id = ARGV[3]

-- 'stays': the user, then rooms by folded name, each with its seat.
local function stays()
    if redis.call('EXISTS', KEYS[1]) == 0 or not is_newer('stay:' .. id) then
        return
    end
    local function is_later(room)
        return noted('seat:' .. id .. ':' .. room) > ARGV[1]
    end
    for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
        if not is_later(field) then
            redis.call('HDEL', KEYS[3], field)
        end
    end
    redis.call('HSET', KEYS[3], 'user', ARGV[4])
    for n = 5, #ARGV, 2 do
        if not is_later(ARGV[n]) then
            redis.call('HSET', KEYS[3], ARGV[n], ARGV[n + 1])
        end
    end
    redis.call('SADD', KEYS[2], id)
end

-- 'leaves': nothing else.
local function leaves()
    if is_newer('stay:' .. id) then
        redis.call('SREM', KEYS[2], id)
        redis.call('UNLINK', KEYS[3])
    end
end

-- 'sits': folded name of a room, and the seat there if the user has one.
local function sits()
    local is_older = noted('stay:' .. id) > ARGV[1]
    if is_older or not is_newer('seat:' .. id .. ':' .. ARGV[4]) or redis.call('EXISTS', KEYS[3]) == 0 then
        return
    end
    if ARGV[5] then
        redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
    else
        redis.call('HDEL', KEYS[3], ARGV[4])
    end
end

if ARGV[2] == 'stays' then
    stays()
elseif ARGV[2] == 'leaves' then
    leaves()
else
    sits()
end
return 0
