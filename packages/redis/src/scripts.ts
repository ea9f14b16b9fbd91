import type { Redis } from 'ioredis'
import type { ChannelKeys } from './channel-keys.ts'
import type { ReadRequest } from './read-request.ts'

// Redis runs a script as one step: nothing comes between, on any node. Numbers are doubles in Lua, so those that may
// exceed 2^31 are written with %.0f. Publications have stream ids OFFSET-TIME and two fields: `d`, the data, and `p`, the
// time of the publication before, by which `verify` recognises a stream that branched off.

const TIME = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`

/**
 * Stores a publication, lets go of what is over a limit, and tells every subscribed node. `b` counts data and what goes
 * along with it, without the letter of its kind. A stream without its meta, which a Redis that evicts keys may leave, belongs to nobody.
 */
const PUBLISH = `
local meta, stream, key = KEYS[1], KEYS[2], KEYS[3]
local data, live, fresh = ARGV[1], ARGV[2], ARGV[3]
local size, ttl, max_bytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local position_ttl, key_ttl = ARGV[7], tonumber(ARGV[8])
if key_ttl > 0 then
  local known = redis.call('GET', key)
  if known then
    local epoch, offset, time = string.match(known, '^(.*):(.*):(.*)$')
    return {epoch, offset, time}
  end
end
${TIME}
local time = string.format('%.0f', now)
local epoch, offset = '', ''
if size > 0 then
  local known = redis.call('HMGET', meta, 'e', 'o', 't', 'b')
  epoch = known[1] or fresh
  offset = string.format('%.0f', (tonumber(known[2]) or 0) + 1)
  local length = redis.call('XLEN', stream)
  if length > 0 and not known[1] then
    redis.call('DEL', stream)
    length = 0
  end
  local bytes = #data - 1
  if length > 0 then bytes = bytes + (tonumber(known[4]) or 0) end
  redis.call('XADD', stream, offset .. '-' .. time, 'd', data, 'p', known[3] or '0')
  length = length + 1
  while length > 0 do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    local stored = tonumber(string.match(oldest[1], '%-(.*)$'))
    if length <= size and bytes <= max_bytes and stored > now - ttl then break end
    redis.call('XDEL', stream, oldest[1])
    length = length - 1
    bytes = bytes - (#oldest[2][2] - 1)
  end
  redis.call('HSET', meta, 'e', epoch, 'o', offset, 't', time, 'b', string.format('%.0f', bytes))
  redis.call('PEXPIRE', meta, position_ttl)
  redis.call('PEXPIRE', stream, ttl)
end
if key_ttl > 0 then redis.call('SET', key, epoch .. ':' .. offset .. ':' .. time, 'PX', key_ttl) end
redis.call('SPUBLISH', live, epoch .. ':' .. offset .. ':' .. time .. ':' .. data)
return {epoch, offset, time}
`

/**
 * Where the stream stands, which of its entries is the oldest that has not expired, and what of it was asked for. What has
 * expired is passed over only from the front, as the stream is trimmed: where clocks differ, times need not increase, and
 * nothing may be missing in between; where what comes right behind the position is young enough, that need not be looked for.
 * A stream that is none yet begins; for how long it is remembered depends on who asks,
 * or anybody could fill Redis with names.
 */
const READ = `
local meta, stream = KEYS[1], KEYS[2]
local fresh, position_ttl, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local direction, asked_epoch, asked, limit = ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
${TIME}
local known = redis.call('HMGET', meta, 'e', 'o', 't')
local epoch, offset, last = known[1], known[2] or '0', known[3] or '0'
if not epoch then
  epoch = fresh
  if redis.call('EXISTS', stream) == 1 then redis.call('DEL', stream) end
  redis.call('HSET', meta, 'e', epoch, 'o', '0')
  redis.call('PEXPIRE', meta, position_ttl)
elseif offset == '0' then
  redis.call('PEXPIRE', meta, position_ttl, 'GT')
end
local is_ours = asked_epoch == epoch and asked <= tonumber(offset)
if direction == 'none' or direction == 'on' and is_ours and asked == tonumber(offset) then
  return {epoch, offset, last, '', {}}
end
local function range(command, first, final)
  if limit == '' then return redis.call(command, stream, first, final) end
  return redis.call(command, stream, first, final, 'COUNT', limit)
end
local function place(entry)
  local at, stored = string.match(entry[1], '^(.*)%-(.*)$')
  return at, tonumber(stored) > now - ttl
end
local behind = string.format('%.0f', asked + 1)
if direction == 'on' and is_ours and limit ~= '0' then
  local entries = range('XRANGE', behind, '+')
  if #entries > 0 then
    local at, is_young = place(entries[1])
    if at == behind and is_young then return {epoch, offset, last, at, entries} end
  end
end
local oldest, front, count = nil, '-', 1
while not oldest do
  local some = redis.call('XRANGE', stream, front, '+', 'COUNT', count)
  for _, entry in ipairs(some) do
    local at, is_young = place(entry)
    if is_young then oldest = at break end
    front = '(' .. entry[1]
  end
  if #some < count then break end
  count = 64
end
if not oldest or limit == '0' then return {epoch, offset, last, oldest or '', {}} end
if direction == 'on' then
  local first = oldest
  if is_ours and asked >= tonumber(oldest) then first = behind end
  return {epoch, offset, last, oldest, range('XRANGE', first, '+')}
end
local newest = '+'
if is_ours then
  if asked == 0 then return {epoch, offset, last, oldest, {}} end
  newest = string.format('%.0f', asked - 1)
end
return {epoch, offset, last, oldest, range('XREVRANGE', newest, oldest)}
`

/** Lets go of what a stream retains. Where it stands stays. */
const REMOVE = `
local meta, stream = KEYS[1], KEYS[2]
redis.call('DEL', stream)
if redis.call('EXISTS', meta) == 1 then redis.call('HSET', meta, 'b', '0') end
return 1
`

/**
 * Makes sure that the stream still leads to a publication that was delivered. One that does not has failed over to a
 * replica that was behind: its next offsets were given out before, for something else, so it gets a new epoch.
 */
const VERIFY = `
local meta, stream = KEYS[1], KEYS[2]
local epoch, offset, time, fresh = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local known = redis.call('HMGET', meta, 'e', 'o', 't')
if known[1] ~= epoch then return 0 end
local stands = tonumber(known[2])
local branched = stands < tonumber(offset)
if stands == tonumber(offset) then branched = (known[3] or '0') ~= time end
if stands > tonumber(offset) then
  local entry = redis.call('XRANGE', stream, offset, offset, 'COUNT', 1)[1]
  local following = string.format('%.0f', offset + 1)
  local behind = redis.call('XRANGE', stream, following, following, 'COUNT', 1)[1]
  if entry then branched = string.match(entry[1], '%-(.*)$') ~= time
  elseif behind then branched = behind[2][4] ~= time end
end
if not branched then return 0 end
redis.call('HSET', meta, 'e', fresh)
return 1
`

type Reply = readonly [epoch: Buffer, offset: Buffer, time: Buffer]
type Entry = readonly [id: Buffer, fields: readonly Buffer[]]

/** A connection that knows the scripts. Replies are bytes. */
export type ScriptedRedis = Redis & {
  wigwagPublishBuffer(...args: readonly (string | Buffer | number)[]): Promise<Reply>
  wigwagReadBuffer(
    ...args: readonly (string | number)[]
  ): Promise<readonly [...Reply, oldest: Buffer, entries: Entry[]]>
  wigwagRemove(...args: readonly string[]): Promise<1>
  wigwagVerify(...args: readonly (string | number)[]): Promise<0 | 1>
}

/** Teaches a connection the scripts. */
export function addScripts(redis: Redis): ScriptedRedis {
  redis.defineCommand('wigwagPublish', { numberOfKeys: 3, lua: PUBLISH })
  redis.defineCommand('wigwagRead', { numberOfKeys: 2, lua: READ })
  redis.defineCommand('wigwagRemove', { numberOfKeys: 2, lua: REMOVE })
  redis.defineCommand('wigwagVerify', { numberOfKeys: 2, lua: VERIFY })
  return redis as ScriptedRedis
}

/** A stream's place and time, as a script tells it. */
export interface StreamMark {
  /** Empty where no history is kept. */
  readonly epoch: string
  readonly offset: number
  /** When the publication at `offset` was stored. */
  readonly time: number
}

/** A retained publication, as it is stored. */
interface StoredEntry {
  readonly offset: number
  readonly time: number
  readonly data: Buffer
}

/** What was read of a stream. */
export interface StreamReading {
  readonly mark: StreamMark
  /** The oldest offset that is retained, or the next one that will be; of no meaning when only the mark was asked for. */
  readonly oldest: number
  readonly entries: readonly StoredEntry[]
}

/** Runs `PUBLISH`. */
export async function runPublish(
  redis: ScriptedRedis,
  { meta, stream, idempotency, live }: ChannelKeys,
  data: string | Buffer,
  freshEpoch: string,
  limits: { readonly size: number; readonly ttlMs: number; readonly maxBytes: number; readonly positionTtlMs: number },
  key: { readonly name: string; readonly ttlMs: number } | undefined,
): Promise<StreamMark> {
  const { size, ttlMs, maxBytes, positionTtlMs } = limits
  const reply = await redis.wigwagPublishBuffer(
    meta,
    stream,
    idempotency + (key?.name ?? ''),
    data,
    live,
    freshEpoch,
    size,
    ttlMs,
    maxBytes,
    positionTtlMs,
    key?.ttlMs ?? 0,
  )
  return markOf(reply)
}

/** Runs `READ`. A stream that begins is remembered for `freshTtlMs`, and what is older than `ttlMs` has expired. */
export async function runRead(
  redis: ScriptedRedis,
  { meta, stream }: ChannelKeys,
  freshEpoch: string,
  { freshTtlMs, ttlMs }: { readonly freshTtlMs: number; readonly ttlMs: number },
  { from, isReverse, limit }: ReadRequest,
): Promise<StreamReading> {
  const direction = from === undefined && limit === 0 ? 'none' : isReverse ? 'back' : 'on'
  const [epoch, offset, time, oldest, entries] = await redis.wigwagReadBuffer(
    ...[meta, stream, freshEpoch, freshTtlMs, ttlMs],
    ...[direction, from?.epoch ?? '', from?.offset ?? 0, limit ?? ''],
  )
  const mark = markOf([epoch, offset, time])
  return {
    mark,
    oldest: oldest.length > 0 ? Number(oldest.toString()) : mark.offset + 1,
    entries: entries.map(entryOf),
  }
}

/** Runs `REMOVE`. */
export async function runRemove(redis: ScriptedRedis, { meta, stream }: ChannelKeys): Promise<void> {
  await redis.wigwagRemove(meta, stream)
}

/** Runs `VERIFY`. Returns whether the stream had branched off and got a new epoch. */
export async function runVerify(
  redis: ScriptedRedis,
  { meta, stream }: ChannelKeys,
  { epoch, offset, time }: StreamMark,
  freshEpoch: string,
): Promise<boolean> {
  return (await redis.wigwagVerify(meta, stream, epoch, offset, time, freshEpoch)) === 1
}

function markOf([epoch, offset, time]: Reply): StreamMark {
  return { epoch: epoch.toString(), offset: Number(offset.toString()), time: Number(time.toString()) }
}

function entryOf([id, fields]: Entry): StoredEntry {
  const [offset, time] = id.toString('latin1').split('-')
  return { offset: Number(offset), time: Number(time), data: fields[1] as Buffer }
}
