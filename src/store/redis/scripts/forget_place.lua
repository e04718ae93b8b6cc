-- Forgets an empty place, unless something was recorded there meanwhile. KEYS: places. ARGV: the place, when something was last
-- recorded there.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
    redis.call('ZREM', KEYS[1], ARGV[1])
    return 1
end
return 0
