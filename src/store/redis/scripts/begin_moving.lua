-- Empties a place for the history of another, and gives it its limit, unless this move has been begun before. Returns how many
-- messages and other events there are more. KEYS: messages, events, state, redacted. ARGV: identifies the move; the limit's lines
-- and seconds, or nothing.
if redis.call('HGET', KEYS[3], 'moved') == ARGV[1] then
    return {0, 0}
end
local more = {-redis.call('ZCARD', KEYS[1]), -redis.call('ZCARD', KEYS[2])}
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[3], 'moved', ARGV[1])
if ARGV[2] ~= '' then
    redis.call('HSET', KEYS[3], 'lines', ARGV[2], 'age', ARGV[3])
else
    redis.call('EXPIRE', KEYS[3], 3600)
end
return more
