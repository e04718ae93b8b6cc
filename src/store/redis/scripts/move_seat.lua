-- Lets a user that stays keep its seat in a renamed room. KEYS: stay. ARGV: the old folded name, the new one, the seat.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
return 0
