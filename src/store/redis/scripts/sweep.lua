-- Takes the task of looking at all places, and returns 1; 0 if a node has just done it. KEYS: swept. ARGV: milliseconds now, and
-- how long it is done for.
local swept = tonumber(redis.call('GET', KEYS[1]) or 0)
local now = tonumber(ARGV[1])
if swept <= now and now - swept < tonumber(ARGV[2]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
