import type { ClientInfo } from '@wigwag/protocol'
import { checkNumberOption } from '../broker/history-options.ts'
import { HubError } from '../error/hub-error.ts'
import { DueQueue } from './due-queue.ts'
import { PresenceMember } from './presence-member.ts'
import type { PresenceStats, PresenceStore } from './presence-store.ts'

/** Requests to the store at once. */
const MOST_IN_FLIGHT = 64
/** How long after a failure the store is tried again. */
const RETRY_MS = 1000
/** For how long a leave that the store does not take is tried. By then the session has expired. */
const GIVE_UP_MS = 120_000

/** Tells the subscribers of a channel, on every hub, who came and went. */
export interface PresenceTeller {
  joined(channel: string, info: ClientInfo): void
  left(channel: string, info: ClientInfo): void
}

/** How presence is kept. */
export interface PresenceKeeperOptions {
  /** How often a session is kept alive and a channel searched for who was not, in milliseconds; up to a fifth sooner, to spread them. Default 25,000. The store's time to live is more than twice that. */
  readonly keepaliveIntervalMs?: number
}

const DEFAULTS = { keepaliveIntervalMs: 25_000 } as const

/** A channel with sessions of this hub. */
interface KeptChannel {
  readonly kind: 'channel'
  readonly name: string
  readonly members: Map<string, PresenceMember>
}

/**
 * Keeps the store true to which sessions of this hub are in which channels, and tells who came and went: of several
 * hubs exactly one tells each. Nothing here waits for the store: while it is away sessions come and go, and it learns of
 * them when it is back. Pure: it knows the time from those who call it, `tick` about once a second.
 *
 * A join is told when the store has the session, a leave when it has no more. A session that was cut off from the store for too
 * long is told to have left by another hub. It is told to have joined again when that leave was heard, at once
 * when the broker says that it may have been missed, and otherwise a round later. What a lost answer of the store would
 * have said is not told when the broker was away as well: others learn of it when they ask for presence.
 */
export class PresenceKeeper {
  readonly #store: PresenceStore
  readonly #teller: PresenceTeller
  readonly #intervalMs: number
  readonly #channels = new Map<string, KeptChannel>()
  readonly #due = new DueQueue<PresenceMember | KeptChannel>()
  /** What is to be done as soon as the store takes it. */
  readonly #ready = new Set<PresenceMember | KeptChannel>()
  #inFlight = 0
  #isReachable = true
  #retryAtMs = 0
  #nowMs = 0
  #closed = false

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(store: PresenceStore, teller: PresenceTeller, options: PresenceKeeperOptions = {}) {
    const { keepaliveIntervalMs = DEFAULTS.keepaliveIntervalMs } = options
    checkNumberOption('keepaliveIntervalMs', keepaliveIntervalMs, 1)
    this.#store = store
    this.#teller = teller
    this.#intervalMs = keepaliveIntervalMs
  }

  /** A session of this hub is in a channel. When it is already, what is known of it is replaced. */
  enter(name: string, info: ClientInfo, nowMs: number): void {
    this.#nowMs = nowMs
    const channel = this.#channels.get(name) ?? this.#open(name)
    let member = channel.members.get(info.client)
    if (member === undefined) {
      member = new PresenceMember(name, info)
      channel.members.set(info.client, member)
    }
    member.info = info
    member.isHere = true
    member.isOwedLeave = false
    this.#ask(member)
  }

  /** It is not any more. */
  leave(name: string, client: string, nowMs: number): void {
    this.#nowMs = nowMs
    const member = this.#channels.get(name)?.members.get(client)
    if (member === undefined || !member.isHere) return
    member.isHere = false
    member.leftAtMs = nowMs
    this.#ask(member)
  }

  /** What this or another hub told of a channel: that a session has left. */
  heardLeft(name: string, client: string, nowMs: number): void {
    this.#nowMs = nowMs
    const member = this.#channels.get(name)?.members.get(client)
    if (member === undefined) return
    if (member.echoes > 0 && nowMs - member.echoesSinceMs < this.#intervalMs) {
      member.echoes--
      this.#forgetIfDone(member)
      return
    }
    if (member.isOwedJoin && member.isHere) {
      member.isOwedJoin = false
      this.#teller.joined(name, member.info)
      return
    }
    member.isOwedJoin = false
    member.isOwedLeave = false
    member.isTold = false
    if (member.isHere) this.#ask(member)
    else this.#forgetIfDone(member)
  }

  /** What was told of a channel may not have been heard, as after a lost connection to the broker. */
  missed(name: string, nowMs: number): void {
    this.#nowMs = nowMs
    for (const member of this.#channels.get(name)?.members.values() ?? []) {
      if (member.isOwedJoin && member.isHere) this.#tellJoinedAgain(member)
      else member.mayHaveMissedLeave = member.isTold
    }
  }

  /** Time goes by. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const each of this.#due.take(nowMs)) {
      if (each.kind === 'member' && !each.isHere && !each.isStored) this.#letGo(each)
      else this.#ready.add(each)
    }
    this.#pump()
  }

  /** Who is in a channel, on any hub. Rejects with `HubError` `ERR_PRESENCE_UNAVAILABLE`. */
  async presence(channel: string): Promise<ReadonlyMap<string, ClientInfo>> {
    return this.#store.presence(channel).catch(unavailable)
  }

  /** How many those are. Rejects with `HubError` `ERR_PRESENCE_UNAVAILABLE`. */
  async stats(channel: string): Promise<PresenceStats> {
    return this.#store.stats(channel).catch(unavailable)
  }

  /** Does nothing from now on. Sessions that have not left expire. */
  close(): void {
    this.#closed = true
    this.#ready.clear()
    this.#channels.clear()
  }

  #open(name: string): KeptChannel {
    const channel: KeptChannel = { kind: 'channel', name, members: new Map() }
    this.#channels.set(name, channel)
    this.#due.put(channel, this.#nextMs(name))
    return channel
  }

  #ask(member: PresenceMember): void {
    this.#due.delete(member)
    // Whoever is busy goes on with what is wanted by then.
    if (!member.isBusy) this.#ready.add(member)
    this.#pump()
  }

  #pump(): void {
    for (const each of this.#ready) {
      if (this.#closed || this.#inFlight >= this.#mostInFlight) return
      this.#ready.delete(each)
      if (each.kind === 'channel') void this.#sweep(each)
      else if (each.isHere || each.isStored) void this.#keep(each)
      else this.#forgetIfDone(each)
    }
  }

  /** A store that has failed is tried with one request at a time. */
  get #mostInFlight(): number {
    if (this.#isReachable) return MOST_IN_FLIGHT
    return this.#nowMs >= this.#retryAtMs ? 1 : 0
  }

  async #keep(member: PresenceMember): Promise<void> {
    member.isBusy = true
    const isAdding = member.isHere
    if (isAdding) member.isStored = true
    const { channel, info } = member
    const answer = await this.#request(
      isAdding ? () => this.#store.add(channel, info) : () => this.#store.remove(channel, info.client),
    )
    member.isBusy = false
    if (this.#closed) return
    if (answer === undefined) this.#failed(member)
    else if (isAdding) this.#added(member, answer)
    else this.#removed(member, answer)
    this.#pump()
  }

  #added(member: PresenceMember, isNew: boolean): void {
    member.hasFailed = false
    if (!member.isHere) {
      // Nobody heard that it came, or somebody tells already that it has gone.
      if (isNew && member.isTold) member.isOwedJoin = true
      this.#ready.add(member)
      return
    }
    if (!member.isTold) {
      member.isTold = true
      this.#teller.joined(member.channel, member.info)
    } else if (isNew && member.mayHaveMissedLeave) this.#tellJoinedAgain(member)
    else if (isNew) member.isOwedJoin = true
    else if (member.isOwedJoin) this.#tellJoinedAgain(member)
    member.mayHaveMissedLeave = false
    this.#due.put(member, this.#nextMs(member.info.client))
  }

  #removed(member: PresenceMember, wasThere: boolean): void {
    if (member.isTold && !member.isOwedJoin) {
      // One that was not there had expired, and whoever got it tells; unless it was removed by a request without an answer.
      if (wasThere) this.#tellLeft(member)
      else if (member.mayHaveMissedLeave) member.isTold = false
      else member.isOwedLeave = member.hasFailed
    }
    member.isStored = false
    member.hasFailed = false
    member.mayHaveMissedLeave = false
    member.isOwedJoin = false
    if (member.isHere) this.#ready.add(member)
    else this.#forgetIfDone(member)
  }

  /** Behind a leave that was not heard. Should it be heard yet, it is old. */
  #tellJoinedAgain(member: PresenceMember): void {
    member.isOwedJoin = false
    member.echoes = 1
    member.echoesSinceMs = this.#nowMs
    this.#teller.joined(member.channel, member.info)
  }

  #failed(member: PresenceMember): void {
    member.hasFailed = true
    if (!member.isHere && this.#nowMs - member.leftAtMs >= GIVE_UP_MS) this.#forget(member)
    else this.#due.put(member, this.#nowMs + RETRY_MS)
  }

  async #sweep(channel: KeptChannel): Promise<void> {
    const expired = await this.#request(() => this.#store.expire(channel.name))
    if (this.#closed) return
    for (const info of expired ?? []) {
      const member = channel.members.get(info.client)
      if (member === undefined) this.#teller.left(channel.name, info)
      else this.#expired(member)
    }
    if (this.#channels.get(channel.name) === channel) this.#due.put(channel, this.#nextMs(channel.name))
    this.#pump()
  }

  /** One of ours, which could not be kept alive in time. */
  #expired(member: PresenceMember): void {
    if (member.isTold && !member.isOwedJoin) this.#tellLeft(member)
    this.#ask(member)
  }

  #tellLeft(member: PresenceMember): void {
    member.isTold = false
    member.echoes++
    member.echoesSinceMs = this.#nowMs
    this.#teller.left(member.channel, member.info)
  }

  /** Resolves with nothing when the store could not be reached. */
  async #request<T>(ask: () => Promise<T>): Promise<T | undefined> {
    this.#inFlight++
    try {
      const answer = await ask()
      this.#isReachable = true
      return answer
    } catch {
      this.#isReachable = false
      this.#retryAtMs = this.#nowMs + RETRY_MS
      return undefined
    } finally {
      this.#inFlight--
    }
  }

  /** Who has left is remembered for a round, until its leave was heard: who comes back meanwhile must not be taken to have left again. */
  #forgetIfDone(member: PresenceMember): void {
    if (member.isHere || member.isStored || member.isBusy) return
    if (member.isTold || member.echoes > 0) this.#due.put(member, this.#nowMs + this.#intervalMs)
    else this.#forget(member)
  }

  #letGo(member: PresenceMember): void {
    this.#forget(member)
    if (member.isOwedLeave) this.#teller.left(member.channel, member.info)
  }

  #forget(member: PresenceMember): void {
    this.#due.delete(member)
    const channel = this.#channels.get(member.channel)
    if (channel?.members.get(member.info.client) !== member) return
    channel.members.delete(member.info.client)
    if (channel.members.size > 0) return
    this.#channels.delete(channel.name)
    this.#due.delete(channel)
    this.#ready.delete(channel)
  }

  /** Who began at the same moment does not stay together. */
  #nextMs(name: string): number {
    return this.#nowMs + Math.floor(this.#intervalMs * (0.8 + 0.2 * fractionOf(name, this.#nowMs)))
  }
}

/** A number from 0 up to 1 that differs from name to name and from time to time. */
function fractionOf(name: string, nowMs: number): number {
  let hash = nowMs | 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  // Mixed, so that names that are alike are far apart.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

function unavailable(error: unknown): never {
  if (error instanceof HubError) throw error
  const why = error instanceof Error ? error.message : String(error)
  throw new HubError('ERR_PRESENCE_UNAVAILABLE', `The presence store failed: ${why}`, { cause: error })
}
