-- Renews a lease, and tells which nodes have one.
-- KEYS: the lease, nodes, id
-- ARGV: what keys of leases begin with, name, epoch, ms of a lease
local lease, nodes, id = KEYS[1], KEYS[2], KEYS[3]
local leases, name, epoch = ARGV[1], ARGV[2], ARGV[3]
local holder = redis.call('GET', lease)
local alive = {epoch}
local known = redis.call('HGETALL', nodes)
for i = 1, #known, 2 do
  if known[i] ~= name then
    table.insert(alive, redis.call('GET', leases .. known[i]) or nil)
  elseif not holder then
    -- The lease has expired: perhaps another node of this name has come and gone.
    holder = string.match(known[i + 1], '^%d+ (%d+) ')
  end
end
if holder and holder ~= epoch then
  return {'deposed'}
end
redis.call('SET', lease, epoch, 'PX', ARGV[4])
return {'renewed', redis.call('TIME'), redis.call('GET', id) or '', alive}
