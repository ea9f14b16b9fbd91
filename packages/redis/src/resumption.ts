import { createEpoch } from './create-epoch.ts'
import { isOfOneChannel, refused } from './redis-failure.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisSubscriptions } from './redis-subscriptions.ts'
import { runVerify } from './scripts.ts'
import type { TrackedChannel } from './tracked-channel.ts'

/** Channels that are asked for at once when Redis is back. */
const RESUME_AT_ONCE = 256

/** Whom a resumption works for. */
export interface ResumptionUser {
  /** What is subscribed to beside the channels, and stays: a plain name, and sharded ones. Asked for when Redis is there. */
  readonly anchors: () => { readonly plain: string; readonly sharded: readonly string[] }
  /** Whether a channel keeps history. */
  keepsHistory(channel: string): boolean
  /** Publications of a channel may have been missed. */
  missed(tracked: TrackedChannel): void
  /** Everything is as it was before the interruption. */
  resumed(): void
}

/**
 * What becomes of a lost connection: every channel is subscribed to anew, its stream is checked to be the one that was
 * delivered from here, and the hub is told that it may have missed something.
 */
export class Resumption {
  readonly #link: RedisLink
  readonly #subscriptions: RedisSubscriptions
  readonly #user: ResumptionUser
  /** Told `missed` since Redis is back, but their history could not be read: the hub waits to be told once more. */
  readonly #unread = new Set<TrackedChannel>()
  #isDone = false
  #settled: Promise<void> | undefined
  #renewedEpochs = 0

  constructor(link: RedisLink, subscriptions: RedisSubscriptions, user: ResumptionUser) {
    this.#link = link
    this.#subscriptions = subscriptions
    this.#user = user
  }

  /** Whether nothing is left to be done: all channels are told again. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Settles when what `begin` began has ended, one way or the other. */
  get settled(): Promise<void> | undefined {
    return this.#settled
  }

  /** Streams that were found behind what had been delivered, and got a new epoch. */
  get renewedEpochs(): number {
    return this.#renewedEpochs
  }

  /** Redis is there, for the first time or again. */
  begin(): void {
    const { turn } = this.#link
    this.#unread.clear()
    this.#settled = this.#resumeAll(turn).catch((error: unknown) => {
      if (turn === this.#link.turn) this.#link.reset(error)
    })
  }

  /** It is away: nothing that it tells is believed before it was checked. */
  interrupt(): void {
    this.#isDone = false
    for (const tracked of this.#subscriptions.values()) tracked.interrupt()
  }

  /** The history of a channel could not be read: the hub is told once more when Redis is back. */
  noteUnread(tracked: TrackedChannel): void {
    if (!this.#isDone) this.#unread.add(tracked)
  }

  /**
   * A stream branched off: Redis has failed over while we were connected. What is told meanwhile is read from history
   * behind the check.
   */
  distrust(tracked: TrackedChannel): void {
    tracked.interrupt()
    const { turn } = this.#link
    this.#verify(tracked).then(
      () => this.#trust(tracked, turn),
      (error: unknown) => {
        if (turn === this.#link.turn) this.#link.reset(error)
      },
    )
  }

  /** Nothing is to be resumed any more. */
  end(): void {
    this.#isDone = false
    this.#unread.clear()
  }

  async #resumeAll(turn: number): Promise<void> {
    const { subscriptions } = this.#link
    const { plain, sharded } = this.#user.anchors()
    // The driver takes the end of the last subscription of a kind, plain or sharded, for the end of all: one of each stays.
    const asked = sharded.map((name) => subscriptions.ssubscribe(name))
    await Promise.all([...asked, subscriptions.subscribe(plain)])
    // Whatever is subscribed to meanwhile comes behind, so nothing waits in vain to be told.
    const channels = this.#subscriptions.values()
    for (;;) {
      const some = takeSome(channels, RESUME_AT_ONCE)
      if (turn !== this.#link.turn) return
      if (some.length === 0) break
      await Promise.all(some.map((tracked) => this.#resumeOne(tracked, turn)))
    }
    this.#isDone = true
    for (const tracked of this.#unread) this.#user.missed(tracked)
    this.#unread.clear()
    this.#link.settled()
    this.#user.resumed()
  }

  async #resumeOne(tracked: TrackedChannel, turn: number): Promise<void> {
    if (!this.#subscriptions.has(tracked)) return
    const asked = this.#subscriptions.ask(tracked)
    tracked.ready = asked.catch(() => {})
    tracked.refusal = undefined
    try {
      await asked
      await this.#verify(tracked)
    } catch (error) {
      // Other channels may do. Without history there is no way to tell who is subscribed.
      if (!isOfOneChannel(error) || !this.#user.keepsHistory(tracked.name)) throw error
      tracked.refusal = refused(error)
    }
    this.#trust(tracked, turn)
  }

  /** Makes sure that the stream is still the one that was delivered, or has a new epoch. */
  async #verify({ keys, mark }: TrackedChannel): Promise<void> {
    // Where no history is kept there is none: nothing that was told had a position.
    if (mark === undefined) return
    if (await runVerify(this.#link.commands, keys, mark, createEpoch())) this.#renewedEpochs++
  }

  /** Has the hub read what it missed of a stream. */
  #trust(tracked: TrackedChannel, turn: number): void {
    if (turn !== this.#link.turn) return
    tracked.isSuspect = false
    this.#user.missed(tracked)
  }
}

function takeSome<T>(values: Iterator<T>, most: number): T[] {
  const some: T[] = []
  while (some.length < most) {
    const next = values.next()
    if (next.done === true) break
    some.push(next.value)
  }
  return some
}
