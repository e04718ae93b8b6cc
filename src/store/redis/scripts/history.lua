-- Changes the history of a place, and returns how many messages and other events there are more. One script does all of it, so
-- that a broker that does not know it yet gets the changes in their order.
-- KEYS: messages, events, state, redacted. ARGV: what to do, most lines of all places, then what that needs.
local before = {redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2])}
local most = tonumber(ARGV[2])

-- 'add': events, each as its class and its member of the set.
local function add()
    local state = redis.call('HMGET', KEYS[3], 'lines', 'gone')
    local lines = math.min(tonumber(state[1] or most), most)
    local gone = state[2] or ''
    if lines == 0 then
        return
    end
    local has_redacted = redis.call('EXISTS', KEYS[4]) == 1
    for n = 3, #ARGV, 2 do
        local id = string.sub(ARGV[n + 1], 1, 16)
        if id > gone and not (has_redacted and redis.call('ZSCORE', KEYS[4], id)) then
            redis.call('ZADD', KEYS[tonumber(ARGV[n]) + 1], 0, ARGV[n + 1])
        end
    end
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -lines - 1)
    redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -lines - 1)
end

-- Deletes what this limit leaves out at the time of 'limit'.
local function trim(lines, age)
    lines = math.min(tonumber(lines or most), most)
    if lines == 0 then
        redis.call('UNLINK', KEYS[1], KEYS[2])
        redis.call('HSET', KEYS[3], 'gone', ARGV[8])
        return
    end
    if ARGV[5] ~= '' then
        age = math.min(tonumber(age or ARGV[5]), tonumber(ARGV[5]))
        local oldest = math.max(tonumber(ARGV[4]) - age * 1000, 0)
        -- In two parts: not every Lua prints so large numbers.
        local id = string.format('%05x%06x', math.floor(oldest / 16777216), oldest % 16777216)
        redis.call('ZREMRANGEBYLEX', KEYS[1], '-', '(' .. id)
        redis.call('ZREMRANGEBYLEX', KEYS[2], '-', '(' .. id)
    end
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -lines - 1)
    redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -lines - 1)
end

-- 'limit': the last event before; the time, in milliseconds; most seconds of all places, or nothing; lines and seconds of the new
-- limit, or nothing; the last event recorded. Deletes what the old limit or the new one leaves out.
local function limit()
    local state = redis.call('HMGET', KEYS[3], 'after', 'lines', 'age')
    if (state[1] or '') > ARGV[3] then
        return
    end
    local lines, age = ARGV[6] ~= '' and ARGV[6], ARGV[7] ~= '' and ARGV[7]
    if state[2] ~= lines or state[3] ~= age then
        -- What the old limit has hidden stays so.
        trim(state[2], state[3])
        trim(lines, age)
    end
    redis.call('HSET', KEYS[3], 'after', ARGV[3])
    if lines then
        redis.call('HSET', KEYS[3], 'lines', lines, 'age', age)
        redis.call('PERSIST', KEYS[3])
    else
        redis.call('HDEL', KEYS[3], 'lines', 'age')
        -- The rest is only for what comes late, and nothing does by so much.
        redis.call('EXPIRE', KEYS[3], 3600)
    end
end

if ARGV[1] == 'add' then
    add()
else
    limit()
end
return {redis.call('ZCARD', KEYS[1]) - before[1], redis.call('ZCARD', KEYS[2]) - before[2]}
