-- Gives up a lease and the lock.
-- KEYS: the lease, lock
-- ARGV: epoch
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    redis.call('DEL', key)
  end
end
return {'left'}
