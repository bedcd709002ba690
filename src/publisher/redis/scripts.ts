import { NOW } from '../../core/redis-scripts.ts'

/**
 * A channel is a hash, its metadata, and a stream, its records: `<offset>-0` with m(illiseconds), t(ag), d(ata). The hash
 * outlives the stream, which expires with its newest record. Where the hash is missing, history is lost and what else there
 * may be is deleted; where the stream is missing, all has been trimmed.
 */
const OPEN = `
local function open(meta, events, epoch, forget)
  local row = redis.call('HMGET', meta, 'epoch', 'head', 'tag', 'trimmed', 'trimmedTag', 'time', 'oldest', 'expires')
  if not row[1] then
    row = { epoch, 0, '-', 0, '-', 0 }
    redis.call('DEL', events)
    redis.call('HSET', meta, 'epoch', epoch, 'head', 0, 'tag', '-', 'trimmed', 0, 'trimmedTag', '-', 'time', 0)
    redis.call('PEXPIRE', meta, forget)
  end
  return {
    epoch = row[1], head = tonumber(row[2]), tag = row[3],
    trimmed = tonumber(row[4]), trimmedTag = row[5], time = tonumber(row[6]),
    oldest = tonumber(row[7] or 0), expires = row[8],
  }
end
local function text(number) return string.format('%.0f', number) end
`

const LOOK = `${OPEN}
local function look(meta, events, epoch, forget)
  local channel = open(meta, events, epoch, forget)
  if channel.trimmed < channel.head and redis.call('EXISTS', events) == 0 then
    channel.trimmed, channel.trimmedTag = channel.head, channel.tag
  end
  -- Who asks for a channel keeps it from being forgotten.
  local left = redis.call('PTTL', meta)
  if left >= 0 and left < forget / 2 then redis.call('PEXPIRE', meta, forget) end
  return channel
end
`

/**
 * KEYS: hash, stream, and that of the idempotency key, if there is one.
 * ARGV: epoch of a new channel, forget ms, tag, retention ms or '', retention count or '', ms for which the key is
 * remembered, the command to publish with, the topic, what of the message stands before the data or '' for a message
 * without them, data…
 * Answers [0, the answer of the first append with this key] or [1, epoch, head before, its tag, what kept it from being
 * published].
 *
 * Commands are what it costs: of an append to a channel that is in use there are five, and two for a key. What says when to
 * trim and when to expire stands in the hash.
 */
export const APPEND: string = `${NOW}${OPEN}
local meta, events, retention = KEYS[1], KEYS[2], tonumber(ARGV[4])
local channel = open(meta, events, ARGV[1], ARGV[2])
local epoch, tag, head = channel.epoch, ARGV[3], channel.head
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known and string.sub(known, 1, #epoch + 1) == epoch .. ':' then return { 0, known } end
end

-- Nothing of a script that fails is undone: whoever may not publish learns it before the first event.
if head == 0 then redis.call(ARGV[7], ARGV[8], '') end

-- The clock may be set back; the order of the records may not.
local time = math.max(now, channel.time)
local before, milliseconds = text(head), text(time)
local news = { 'tag', tag, 'time', milliseconds }
local function set(name, value) news[#news + 1], news[#news + 2] = name, value end

local trimmed, trimmedTag, oldest, expires = channel.trimmed, channel.trimmedTag, channel.oldest, channel.expires
if trimmed < head and not redis.call(
  'XADD', events, 'NOMKSTREAM', text(head + 1) .. '-0', 'm', milliseconds, 't', tag, 'd', ARGV[10]) then
  trimmed, trimmedTag, oldest, expires = head, channel.tag, 0, nil
end
for index = trimmed < head and 11 or 10, #ARGV do
  redis.call('XADD', events, text(head + index - 9) .. '-0', 'm', milliseconds, 't', tag, 'd', ARGV[index])
end
head = head + #ARGV - 9
set('head', text(head))

local function at(offset)
  local entry = redis.call('XRANGE', events, text(offset) .. '-0', text(offset) .. '-0')[1]
  return entry and entry[2]
end
local last = trimmed
if ARGV[5] ~= '' then last = math.max(last, head - ARGV[5]) end
-- Nothing that is kept is older than this, so that most of the time nobody has to look.
if oldest == 0 then oldest = time end
if retention and oldest <= now - retention then
  local function timeAt(offset)
    local fields = offset <= head and at(offset)
    return fields and tonumber(fields[2])
  end
  local function isOver(offset)
    local time = timeAt(offset)
    return time and time <= now - retention
  end
  -- Times only grow with the offsets: steps that double until one is too far, then halve.
  local step = 1
  while isOver(last + step) do
    last = last + step
    step = step * 2
  end
  while step > 1 do
    step = step / 2
    if isOver(last + step) then last = last + step end
  end
  oldest = timeAt(last + 1) or 0
end
if oldest ~= channel.oldest then set('oldest', text(oldest)) end
if last > trimmed then
  local fields = at(last)
  trimmed, trimmedTag = last, fields and fields[4] or '-'
  redis.call('XTRIM', events, 'MINID', text(last + 1) .. '-0')
end
if trimmed ~= channel.trimmed then
  set('trimmed', text(trimmed))
  set('trimmedTag', trimmedTag)
end

if retention then
  -- A sixteenth more, so that not each append has to put it off.
  local longest = math.ceil(retention * 17 / 16)
  local left = (tonumber(expires) or 0) - now
  if left < retention or left > longest then
    redis.call('PEXPIRE', events, text(longest))
    redis.call('PEXPIRE', meta, text(longest + ARGV[2]))
    set('expires', text(now + longest))
  end
elseif expires ~= 'never' then
  redis.call('PERSIST', events)
  redis.call('PERSIST', meta)
  set('expires', 'never')
end
redis.call('HSET', meta, unpack(news))
if KEYS[3] then
  redis.call('SET', KEYS[3], table.concat({ epoch, text(channel.head + 1), text(head), tag }, ':'), 'PX', ARGV[6])
end
-- What it says is there: it comes last, and does not fail any more.
local message = ''
if ARGV[9] ~= '' then
  message = table.concat({ epoch, before, channel.tag, tag, ARGV[9] }, ' ') .. '\\n' .. table.concat(ARGV, '', 10)
end
local published = redis.pcall(ARGV[7], ARGV[8], message)
return { 1, epoch, before, channel.tag, type(published) == 'table' and published.err or '' }`

/**
 * KEYS: hash, stream. ARGV: epoch of a new channel, forget ms, offset or '' for the start, how many records, how many bytes.
 * Answers [epoch, head, its tag, trimmed, its tag, tag at the offset or '', then offset, tag and data of each record].
 */
export const READ: string = `${LOOK}
local channel = look(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
local after = tonumber(ARGV[3]) or channel.trimmed
local limit, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local tag = ''
if after > channel.trimmed and after <= channel.head then
  local entry = redis.call('XRANGE', KEYS[2], text(after) .. '-0', text(after) .. '-0')[1]
  tag = entry and entry[2][4] or ''
end
local page = { channel.epoch, text(channel.head), channel.tag, text(channel.trimmed), channel.trimmedTag, tag }
local offset, count, size = math.max(after, channel.trimmed), 0, 0
while offset < channel.head and count < limit do
  local chunk = redis.call('XRANGE', KEYS[2], text(offset + 1) .. '-0', '+', 'COUNT', math.min(64, limit - count))
  if #chunk == 0 then break end
  for _, entry in ipairs(chunk) do
    local fields = entry[2]
    count, size = count + 1, size + #fields[6]
    if size > bytes and count > 1 then return page end
    local id = string.sub(entry[1], 1, -3)
    page[#page + 1], page[#page + 2], page[#page + 3] = id, fields[4], fields[6]
    offset = tonumber(id)
  end
end
return page`

/** KEYS: hash and stream of each channel. ARGV: forget ms, then the epoch of each. Answers epoch, head, its tag, trimmed. */
export const HEADS: string = `${LOOK}
local heads = {}
for index = 1, #KEYS, 2 do
  local channel = look(KEYS[index], KEYS[index + 1], ARGV[(index + 3) / 2], ARGV[1])
  local at = #heads
  heads[at + 1], heads[at + 2] = channel.epoch, text(channel.head)
  heads[at + 3], heads[at + 4] = channel.tag, text(channel.trimmed)
end
return heads`

/** KEYS: hash. ARGV: the new epoch, the command to publish with, the topic. */
export const ROTATE = `
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call(ARGV[2], ARGV[3], '')
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
end`

/**
 * Some of the channels of one server. ARGV: cursor, pattern of their hashes, of which the names are the topics, what their
 * epochs begin with. Answers the cursor to go on with.
 */
export const ROTATE_ALL = `
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 500)
for index, key in ipairs(found[2]) do
  if redis.call('TYPE', key).ok == 'hash' then
    redis.call('PUBLISH', key, '')
    redis.call('HSET', key, 'epoch', ARGV[3] .. string.sub(redis.sha1hex(key), 1, 6))
  end
end
return found[1]`

/** What the server says of itself. */
export const INFO = `return { redis.call('INFO', 'persistence'), redis.call('INFO', 'memory') }`
