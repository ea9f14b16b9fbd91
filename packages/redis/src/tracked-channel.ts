import type { HubError, Position } from '@wigwag/hub'
import type { ChannelKeys } from './channel-keys.ts'
import type { StreamMark } from './scripts.ts'

/** What a live publication is to those before it. */
export type Arrival =
  /** It comes right behind the last one. */
  | 'next'
  /** Something before it was missed. */
  | 'ahead'
  /** It is of another stream, one that began anew or one that history has left behind: only history tells. */
  | 'foreign'
  /** Its offset was given out before: the stream branched off. */
  | 'behind'

/** A channel that this node is subscribed to in Redis. */
export class TrackedChannel {
  readonly name: string
  readonly keys: ChannelKeys
  /** Resolves when Redis tells of it; whoever subscribes waits for that. */
  ready: Promise<void> = Promise.resolve()
  /** Set while nobody here is subscribed any more, until Redis is told so. */
  linger: NodeJS.Timeout | undefined
  /** Set when Redis would not subscribe to it any more: whoever reads its history is told that. */
  refusal: HubError | undefined
  /** Nothing is told before the stream was found to be the one that was told before. */
  isSuspect = false
  /** The last live publication, on this subscription. */
  #told: Position | undefined
  /** The furthest that was ever delivered from here. */
  #mark: StreamMark | undefined

  constructor(name: string, keys: ChannelKeys) {
    this.name = name
    this.keys = keys
  }

  /** What the stream must still lead to; nothing when nothing was delivered. */
  get mark(): StreamMark | undefined {
    return this.#mark
  }

  /** A live publication has come. */
  arrive(position: Position, time: number): Arrival {
    const told = this.#told
    // The first one on a subscription may be in the history that was read meanwhile, but not further ahead.
    const before = told ?? this.#mark
    const isSame = before?.epoch === position.epoch
    if (told !== undefined && isSame && position.offset <= told.offset) return 'behind'
    this.#told = position
    this.note({ ...position, time })
    if (before !== undefined && !isSame) return 'foreign'
    return before === undefined || position.offset <= before.offset + 1 ? 'next' : 'ahead'
  }

  /** Something was delivered, live or from history. Returns whether the stream has begun anew since the last time. */
  note(mark: StreamMark): boolean {
    // What a stream that branched off says is no measure of whether it did.
    if (this.isSuspect) return false
    const before = this.#mark
    const isSame = before?.epoch === mark.epoch
    if (!isSame || before.offset < mark.offset) this.#mark = mark
    return before !== undefined && !isSame
  }

  /** The subscription ended: what comes next need not come right behind. */
  interrupt(): void {
    this.#told = undefined
    this.isSuspect = true
  }
}
