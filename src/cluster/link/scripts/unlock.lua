-- Releases the lock.
-- KEYS: lock
-- ARGV: epoch
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return {'unlocked'}
