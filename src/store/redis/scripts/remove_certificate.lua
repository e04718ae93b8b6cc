-- Removes a certificate from an account, and returns 1; 0 if it has none such. KEYS: the account's certificates, certificates.
-- ARGV: certificate.
if redis.call('SREM', KEYS[1], ARGV[1]) == 0 then
    return 0
end
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
