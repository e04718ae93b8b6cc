-- Appends an entry with the number after the last, and releases the lock in any case.
-- KEYS: lock, wanted, entries, id
-- ARGV: epoch, number, entry, about how many entries to keep, SHA-1 of the entry before, or nothing if it is not known
local lock, wanted, entries, id = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local is_owner = redis.call('GET', lock) == ARGV[1]
if is_owner then
  redis.call('DEL', lock)
end
local before = redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1]
local last = before and before[1] or '0-0'
local number = tonumber(string.match(last, '^%d+'))
-- The log begins anew, under another name: its numbers cannot go on.
local function begin_anew()
  redis.call('DEL', entries, id)
  return {'not appended', '0-0'}
end
if is_owner and number >= 2^53 then
  -- Somebody has added an entry with a number that no node gives, and that is not exact here.
  return begin_anew()
end
if not is_owner or number + 1 ~= tonumber(ARGV[2]) then
  return {'not appended', last}
end
local digest = ''
if before then
  local content = ''
  for i = 1, #before[2], 2 do
    if before[2][i] == 'e' then
      content = before[2][i + 1]
      break
    end
  end
  digest = redis.sha1hex(content)
end
if ARGV[5] ~= '' and digest ~= ARGV[5] then
  -- The broker has lost the entry that the node knows, and has got another in its place.
  return {'not appended', '0-0'}
end
local added = redis.pcall('XADD', entries, 'MAXLEN', '~', ARGV[4], ARGV[2] .. '-0', 'e', ARGV[3], 'b', digest)
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'equal or smaller', 1, true) then
    return added
  end
  -- Somebody has removed the last entries, whose numbers cannot be given again.
  return begin_anew()
end
local waits = redis.call('GET', wanted)
return {'appended', waits and waits ~= ARGV[1] and 1 or 0}
