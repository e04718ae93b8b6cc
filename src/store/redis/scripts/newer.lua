-- Nodes record the state of a thing at about the same time, and may be heard in another order. ARGV[1] is the last event
-- before what is recorded now. Of two records, the later prevails.
local function noted(thing)
    return redis.call('GET', 'parlor:{store}:after:' .. thing) or ''
end
local function is_newer(thing)
    if noted(thing) > ARGV[1] then
        return false
    end
    -- No node is so far behind.
    redis.call('SET', 'parlor:{store}:after:' .. thing, ARGV[1], 'EX', 3600)
    return true
end
