-- Keeps a registered room, if its founder has an account, or drops it. KEYS: rooms, the founder's account. ARGV: the last event
-- before, folded name, the room if it is registered.
if not is_newer('room:' .. ARGV[2]) then
    return 0
end
if ARGV[3] and redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
else
    redis.call('HDEL', KEYS[1], ARGV[2])
end
return 1
