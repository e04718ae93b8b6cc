-- Makes a node out of a name that has no lease.
-- KEYS: nodes, epoch, id, entries
-- ARGV: what keys of leases begin with, name, version, settings, a random text, ms of a lease, most nodes
local nodes, counter, id, entries = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local leases, name, version, settings = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call('EXISTS', leases .. name) == 1 then
  return {'in use'}
end

local others, taken, number, oldest = {}, {}, nil, nil
local known = redis.call('HGETALL', nodes)
for i = 1, #known, 2 do
  local other = known[i]
  local its_number, epoch, its_version, its_settings = string.match(known[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
  if its_number then
    taken[tonumber(its_number)] = true
    if redis.call('EXISTS', leases .. other) == 1 then
      if math.abs(tonumber(its_version) - version) > 1 then
        return {'version', other, its_version}
      end
      if its_settings ~= settings then
        return {'settings', other}
      end
      table.insert(others, {other, its_number, epoch})
    elseif other == name then
      number = its_number
    elseif not oldest or tonumber(epoch) < tonumber(oldest.epoch) then
      oldest = {name = other, number = its_number, epoch = epoch}
    end
  end
end

-- A number that nobody has used, or else that of the node that enrolled first among those without a lease. Others take
-- its former node for down, if they have not noticed, when they read of the new one.
for n = 1, tonumber(ARGV[7]) do
  if not number and not taken[n] then
    number = n
  end
end
if not number and oldest then
  number = oldest.number
  redis.call('HDEL', nodes, oldest.name)
end
if not number then
  return {'full'}
end

-- Larger than any before, even if the broker has lost the counter, or has another text there: the microseconds since 1970.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(redis.call('GET', counter) or 0)
if not before or before >= 2^53 then
  before = 0
end
local epoch = string.format('%.0f', math.max(before + 1, now))
redis.call('SET', counter, epoch)
redis.call('HSET', nodes, name, string.format('%d %s %d %s', number, epoch, version, settings))
redis.call('SET', leases .. name, epoch, 'PX', ARGV[6])
redis.call('SET', id, epoch .. '-' .. ARGV[5], 'NX')
local last = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
return {'enrolled', tonumber(number), epoch, redis.call('GET', id), last and last[1] or '0-0', time, others}
