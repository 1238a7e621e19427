-- When a provider's model may be asked, decided in one place for all workers.
-- `aiworker/domain/pacing.py` says the same in Python and is tested against this script: change both.
-- Every command may arrive twice, its first answer having been lost: the second changes nothing and is told the same.
-- KEYS: 1 what is known (hash), 2 calls under way (sorted set: ticket, when its slot is free although nobody reported),
--       3 calls that ended of late (sorted set: ticket, when that is forgotten)
-- ARGV: verb, now in ms ("" asks the server's clock), requests per minute, tokens per minute, concurrency (0: no limit),
--       grow after, open after, open for, blocked for, ticket, then
--       admit: tokens, lease          report: outcome, admitted at, tokens more, retry after, remaining requests, tokens
local MINUTE, LONGEST_PAUSE, SLOT_WAIT, REMEMBERED, KEEP = 60000, 60000, 1000, 60000, 3600000

local verb, now = ARGV[1], tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local rpm, tpm, concurrency = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local grow_after, open_after = tonumber(ARGV[6]), tonumber(ARGV[7])
local open_for, blocked_for, ticket = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]

local FIELDS = {'requests', 'tokens', 'filled_at', 'not_before', 'cap', 'halved_at', 'good', 'faults', 'open_until',
  'probe_until'}
local stored = redis.call('HMGET', KEYS[1], 'probe', 'told_ticket', 'told_event', unpack(FIELDS))
local s = {probe = stored[1] or '', told_ticket = stored[2] or '', told_event = stored[3] or ''}
for i, name in ipairs(FIELDS) do
  s[name] = tonumber(stored[i + 3] or '') or (i > 2 and 0 or nil)
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local under_way = redis.call('ZCARD', KEYS[2])

local function level(held, per_minute)
  if per_minute == 0 then return math.huge end
  if not held then return per_minute end
  return math.min(per_minute, held + math.max(0, now - s.filled_at) * per_minute / MINUTE)
end

local function shortfall(held, cost, per_minute)
  if per_minute == 0 then return 0 end
  return math.max(0, math.ceil((math.min(cost, per_minute) - held) * MINUTE / per_minute))
end

local function number(value)
  return string.format('%.17g', value)
end

local function keep()
  local fields = {'probe', s.probe}
  for _, name in ipairs(FIELDS) do
    if s[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = number(s[name])
    end
  end
  redis.call('HSET', KEYS[1], unpack(fields))
  -- To forget a breaker while it is open would close it.
  local span = number(KEEP + math.max(0, s.open_until - now))
  redis.call('PEXPIRE', KEYS[1], span)
  redis.call('PEXPIRE', KEYS[2], span)
end

local function fill(requests, tokens)
  s.requests = rpm > 0 and requests or nil
  s.tokens = tpm > 0 and tokens or nil
  s.filled_at = now
  if rpm == 0 then redis.call('HDEL', KEYS[1], 'requests') end
  if tpm == 0 then redis.call('HDEL', KEYS[1], 'tokens') end
end

local function open(span)
  s.open_until, s.probe, s.probe_until, s.faults = now + span, '', 0, 0
end

if verb == 'look' then
  local fields = {}
  for _, name in ipairs(FIELDS) do
    fields[#fields + 1] = s[name] and number(s[name]) or ''
  end
  local slots = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
  local reported = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
  return {fields, {s.probe, s.told_ticket, s.told_event}, slots, reported, number(now)}
end

if verb == 'admit' then
  local tokens, lease = tonumber(ARGV[11]), tonumber(ARGV[12])
  local slot = redis.call('ZSCORE', KEYS[2], ticket)
  if slot then return {'allowed', '0', s.probe == ticket and 1 or 0, number(slot - lease)} end
  local closed_until = math.max(s.open_until, s.probe_until)
  if s.open_until > 0 and now < closed_until then return {'blocked', number(closed_until - now), 0, number(now)} end
  if now < s.not_before then return {'wait', number(s.not_before - now), 0, number(now)} end
  local cap = s.cap > 0 and concurrency > 0 and math.min(s.cap, concurrency) or math.max(s.cap, concurrency)
  if cap > 0 and under_way >= cap then return {'wait', number(SLOT_WAIT), 0, number(now)} end
  local requests, held = level(s.requests, rpm), level(s.tokens, tpm)
  local wait = math.max(shortfall(requests, 1, rpm), shortfall(held, tokens, tpm))
  if wait > 0 then return {'wait', number(wait), 0, number(now)} end
  fill(requests - 1, held - tokens)
  local is_probe = s.open_until > 0
  if is_probe then s.probe, s.probe_until = ticket, now + lease end
  redis.call('ZADD', KEYS[2], number(now + lease), ticket)
  keep()
  return {'allowed', '0', is_probe and 1 or 0, number(now)}
end

local outcome, admitted_at, tokens_more = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local retry_after, left_requests, left_tokens = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
local was_open = s.open_until > 0

local function event()
  return s.told_ticket == ticket and s.told_event or ''
end

-- Not by its slot: a call may outlast it, or have been let pass without Redis.
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('ZADD', KEYS[3], 'NX', number(now + REMEMBERED), ticket) == 0 then return event() end
redis.call('PEXPIRE', KEYS[3], REMEMBERED)

local requests, held = level(s.requests, rpm), level(s.tokens, tpm) - tokens_more
if left_requests then requests = math.min(requests, left_requests) end
if left_tokens then held = math.min(held, left_tokens) end
fill(requests, tpm > 0 and math.min(held, tpm) or held)
redis.call('ZREM', KEYS[2], ticket)

if outcome == 'limited' or outcome == 'overloaded' then
  s.not_before, s.good = math.max(s.not_before, now + math.min(retry_after, LONGEST_PAUSE)), 0
  -- Once for all calls that were under way when the first of them was told to slow down.
  if admitted_at >= s.halved_at then
    local basis = s.cap > 0 and math.min(s.cap, under_way) or under_way
    s.cap, s.halved_at = math.max(1, math.floor(basis / 2)), now
  end
elseif outcome == 'good' and s.cap > 0 then
  s.good = s.good + 1
  if s.good >= grow_after then s.good, s.cap = 0, s.cap + 1 end
end

local is_probe, is_fault = was_open and s.probe == ticket, outcome == 'fault' or outcome == 'overloaded'
if outcome == 'blocked' then
  open(blocked_for)
elseif outcome == 'unknown' then
  if is_probe then s.probe, s.probe_until = '', 0 end
elseif was_open then
  -- Other calls began before it opened: what they saw is older than what is known.
  if is_probe and is_fault then
    open(open_for)
  elseif is_probe then
    s.open_until, s.probe, s.probe_until, s.faults = 0, '', 0, 0
  end
elseif is_fault then
  s.faults = s.faults + 1
  if s.faults >= open_after then open(open_for) end
else
  s.faults = 0
end
local is_open = s.open_until > 0
if is_open ~= was_open then
  s.told_ticket, s.told_event = ticket, is_open and 'opened' or 'closed'
  redis.call('HSET', KEYS[1], 'told_ticket', s.told_ticket, 'told_event', s.told_event)
end
keep()
return event()
