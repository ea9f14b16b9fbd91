import type { Redis } from 'ioredis'
import type { PresenceKeys } from './presence-keys.ts'

// Redis runs a script as one step: nothing comes between, on any node. Each says at its top what it does (`#!lua`), so
// that one that Redis must refuse, for want of memory or on a replica, is refused before it has changed anything; those
// that free memory run nevertheless. Time is the clock of Redis alone. Numbers are doubles in Lua, so those that may
// exceed 2^31 are written with %.0f.

/** Sessions that one run of `EXPIRE` takes: about 2 ms, in which Redis does nothing else. Lua unpacks at most 8,000 values. */
const EXPIRE_AT_ONCE = 1000

const KEYS = `
local infos, expiries, users = KEYS[1], KEYS[2], KEYS[3]
`

const TIME = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`

const USERS = `
local function user_of(stored) return string.match(stored, '^[^\\n]*') end
local function leave(stored)
  local user = user_of(stored)
  if redis.call('HINCRBY', users, user, -1) <= 0 then redis.call('HDEL', users, user) end
end
`

/** What a channel that is not whole still has belongs to nobody. */
const CLEAN = `
local found = redis.call('EXISTS', infos, expiries, users)
if found > 0 and found < 3 then redis.call('DEL', infos, expiries, users) end
`

/** The keys' own time to live is put off once in a while only: replicas and disks are told each time, of each key. */
const ADD = `#!lua
${KEYS}${TIME}${USERS}${CLEAN}
local client, stored, ttl, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local known = redis.call('HGET', infos, client)
redis.call('ZADD', expiries, string.format('%.0f', now + ttl), client)
if known ~= stored then
  redis.call('HSET', infos, client, stored)
  local is_same_user = known and user_of(known) == user_of(stored)
  if not is_same_user then
    redis.call('HINCRBY', users, user_of(stored), 1)
    if known then leave(known) end
  end
end
if redis.call('PTTL', expiries) < ttl + retention then
  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], string.format('%.0f', 2 * ttl + retention)) end
end
return known and 0 or 1
`

const REMOVE = `#!lua flags=allow-oom
${KEYS}${USERS}${CLEAN}
local client = ARGV[1]
local known = redis.call('HGET', infos, client)
if not known then return 0 end
redis.call('HDEL', infos, client)
redis.call('ZREM', expiries, client)
leave(known)
return 1
`

/** Ids and what is known of them, one behind the other; ids of those who have expired, to be left out. */
const PRESENCE = `#!lua flags=no-writes
${KEYS}${TIME}
if redis.call('EXISTS', infos, expiries, users) < 3 then return {{}, {}} end
return {redis.call('HGETALL', infos), redis.call('ZRANGEBYSCORE', expiries, '-inf', string.format('%.0f', now))}
`

/** Users all of whose sessions have expired are not counted: of those who have, each is looked at. */
const STATS = `#!lua flags=no-writes
${KEYS}${TIME}${USERS}
if redis.call('EXISTS', infos, expiries, users) < 3 then return {0, 0} end
local expired = redis.call('ZRANGEBYSCORE', expiries, '-inf', string.format('%.0f', now))
local gone = {}
for from = 1, #expired, ${EXPIRE_AT_ONCE} do
  local to = math.min(from + ${EXPIRE_AT_ONCE - 1}, #expired)
  for _, stored in ipairs(redis.call('HMGET', infos, unpack(expired, from, to))) do
    if stored then gone[user_of(stored)] = (gone[user_of(stored)] or 0) + 1 end
  end
end
local seen = redis.call('HLEN', users)
for user, count in pairs(gone) do
  local has = tonumber(redis.call('HGET', users, user))
  if has and has <= count then seen = seen - 1 end
end
return {redis.call('ZCARD', expiries) - #expired, seen}
`

const EXPIRE = `#!lua flags=allow-oom
${KEYS}${TIME}${USERS}${CLEAN}
local expired =
  redis.call('ZRANGEBYSCORE', expiries, '-inf', string.format('%.0f', now), 'LIMIT', 0, ${EXPIRE_AT_ONCE})
if #expired == 0 then return expired end
local known = redis.call('HMGET', infos, unpack(expired))
redis.call('HDEL', infos, unpack(expired))
redis.call('ZREM', expiries, unpack(expired))
local taken = {}
for i, client in ipairs(expired) do
  if known[i] then leave(known[i]) end
  taken[2 * i - 1] = client
  taken[2 * i] = known[i] or ''
end
return taken
`

/** A connection that knows the scripts of presence. */
export type PresenceRedis = Redis & {
  wigwagPresenceAdd(...args: readonly (string | number)[]): Promise<0 | 1>
  wigwagPresenceRemove(...args: readonly string[]): Promise<0 | 1>
  wigwagPresence(...args: readonly string[]): Promise<readonly [infos: string[], expired: string[]]>
  wigwagPresenceStats(...args: readonly string[]): Promise<readonly [clients: number, users: number]>
  wigwagPresenceExpire(...args: readonly string[]): Promise<string[]>
}

/** Teaches a connection the scripts of presence. */
export function addPresenceScripts(redis: Redis): PresenceRedis {
  redis.defineCommand('wigwagPresenceAdd', { numberOfKeys: 3, lua: ADD })
  redis.defineCommand('wigwagPresenceRemove', { numberOfKeys: 3, lua: REMOVE })
  redis.defineCommand('wigwagPresence', { numberOfKeys: 3, lua: PRESENCE })
  redis.defineCommand('wigwagPresenceStats', { numberOfKeys: 3, lua: STATS })
  redis.defineCommand('wigwagPresenceExpire', { numberOfKeys: 3, lua: EXPIRE })
  return redis as PresenceRedis
}

/** A session's id, and what is known of it as it is stored. */
export type StoredSession = readonly [client: string, stored: string]

/** Runs `ADD`. The keys outlive `ttlMs` by at least `retentionMs`. Returns whether the session is new. */
export async function runAdd(
  redis: PresenceRedis,
  { infos, expiries, users }: PresenceKeys,
  [client, stored]: StoredSession,
  { ttlMs, retentionMs }: { readonly ttlMs: number; readonly retentionMs: number },
): Promise<boolean> {
  const added = await redis.wigwagPresenceAdd(infos, expiries, users, client, stored, ttlMs, retentionMs)
  return added === 1
}

/** Runs `REMOVE`. Returns whether the session was there. */
export async function runRemove(
  redis: PresenceRedis,
  { infos, expiries, users }: PresenceKeys,
  client: string,
): Promise<boolean> {
  return (await redis.wigwagPresenceRemove(infos, expiries, users, client)) === 1
}

/** Runs `PRESENCE`. Returns who has not expired. */
export async function runPresence(
  redis: PresenceRedis,
  { infos, expiries, users }: PresenceKeys,
): Promise<readonly StoredSession[]> {
  const [all, expired] = await redis.wigwagPresence(infos, expiries, users)
  if (expired.length === 0) return pairsOf(all)
  const hidden = new Set(expired)
  return pairsOf(all).filter(([client]) => !hidden.has(client))
}

/** Runs `STATS`. Returns how many have not expired. */
export async function runStats(
  redis: PresenceRedis,
  { infos, expiries, users }: PresenceKeys,
): Promise<{ readonly clients: number; readonly users: number }> {
  const [clients, differentUsers] = await redis.wigwagPresenceStats(infos, expiries, users)
  return { clients, users: differentUsers }
}

/** Runs `EXPIRE`. Returns who was taken, and whether there may be more. */
export async function runExpire(
  redis: PresenceRedis,
  { infos, expiries, users }: PresenceKeys,
): Promise<{ readonly taken: readonly StoredSession[]; readonly mayHaveMore: boolean }> {
  const taken = pairsOf(await redis.wigwagPresenceExpire(infos, expiries, users))
  return { taken, mayHaveMore: taken.length === EXPIRE_AT_ONCE }
}

function pairsOf(flat: readonly string[]): StoredSession[] {
  const pairs: StoredSession[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string])
  return pairs
}
