import type { PositionRequest, SubscribeResult } from '@wigwag/protocol'
import type { Gap } from './gap.ts'
import type { Position } from './position.ts'

/** Where a subscriber stands in a channel's stream, from one connection to the next; and so what it has missed. Pure. */
export class StreamPlace {
  #position: Position | undefined
  /** Whether something was delivered from here, so that something can be missed. */
  #hasBegun = false
  #isInvalidated = false

  /** `since`: where to begin; without, at the next publication. */
  constructor(since?: Position) {
    this.#position = since
  }

  /** The last publication that was taken, or where the stream stood; undefined where there is no history. */
  get position(): Position | undefined {
    return this.#position
  }

  /** What to ask the hub for. */
  get request(): PositionRequest {
    return this.#position === undefined ? {} : { recover: true, ...this.#position }
  }

  /** A publication was taken. */
  advance(offset: number | undefined): void {
    if (offset && this.#position !== undefined) this.#position = { epoch: this.#position.epoch, offset }
  }

  /** What is known of the stream is void. */
  invalidate(): void {
    this.#isInvalidated = this.#hasBegun
    this.#position = undefined
  }

  /** The hub says where the subscription stands. Returns what was missed. */
  join({ recoverable, epoch = '', offset = 0, recovered }: SubscribeResult): Gap | undefined {
    const after = this.#position
    const position = recoverable ? { epoch, offset } : undefined
    const missed = after === undefined ? this.#hasBegun : !recovered
    const isInvalidated = this.#isInvalidated
    this.#position = position
    this.#hasBegun = true
    this.#isInvalidated = false
    return missed
      ? { reason: isInvalidated ? 'state-invalidated' : reasonOf(after, position), after, position }
      : undefined
  }
}

function reasonOf(after: Position | undefined, position: Position | undefined): Gap['reason'] {
  if (position === undefined || after === undefined) return 'no-history'
  return after.epoch === position.epoch ? 'history-expired' : 'epoch-changed'
}
