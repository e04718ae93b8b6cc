-- Replaces all bans. KEYS: bans. ARGV: the last event before, the bans.
if is_newer('bans') then
    redis.call('SET', KEYS[1], ARGV[2])
end
return 1
