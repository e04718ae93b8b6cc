-- Notes the last event. KEYS: last-event. ARGV: its id.
if (redis.call('GET', KEYS[1]) or '') < ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1])
end
return 0
