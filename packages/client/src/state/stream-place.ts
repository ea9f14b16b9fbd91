import type { PositionRequest, SubscribeResult } from '@wigwag/protocol'
import type { Gap } from './gap.ts'
import type { Position } from './position.ts'

/** Where a subscriber stands in a channel's stream, from one connection to the next; and so what it has missed. Pure. */
export interface StreamPlace {
  /** The last publication that was taken, or where the stream stood; undefined where there is no history. */
  readonly position: Position | undefined
  /** What to ask the hub for. */
  readonly request: PositionRequest
  /** A publication was taken. */
  advance(offset: number | undefined): void
  /** What is known of the stream is void. */
  invalidate(): void
  /** The hub says where the subscription stands. Returns what was missed. */
  join(result: SubscribeResult): Gap | undefined
}

/** `since`: where to begin; without, at the next publication. */
export function createStreamPlace(since?: Position): StreamPlace {
  let position = since
  /** Whether something was delivered from here, so that something can be missed. */
  let hasBegun = false
  let isInvalidated = false
  return {
    get position() {
      return position
    },
    get request() {
      return position === undefined ? {} : { recover: true, ...position }
    },
    advance(offset) {
      if (offset && position !== undefined) position = { epoch: position.epoch, offset }
    },
    invalidate() {
      isInvalidated = hasBegun
      position = undefined
    },
    join({ recoverable, epoch = '', offset = 0, recovered }) {
      const after = position
      const reason = isInvalidated ? 'state-invalidated' : undefined
      const hasMissed = after === undefined ? hasBegun : !recovered
      position = recoverable ? { epoch, offset } : undefined
      hasBegun = true
      isInvalidated = false
      return hasMissed ? { reason: reason ?? reasonOf(after, position), after, position } : undefined
    },
  }
}

function reasonOf(after: Position | undefined, position: Position | undefined): Gap['reason'] {
  if (position === undefined || after === undefined) return 'no-history'
  return after.epoch === position.epoch ? 'history-expired' : 'epoch-changed'
}
