import type { EventEmitter } from 'node:events'

/** What an emitter keeps its listeners in, by event. `events` of Node has had it since 0.x, without documenting it. */
interface Inside {
  _events?: object
}

/** After so many objects of a class V8 takes away the space that none of them has used. */
const OBJECTS_WATCHED = 8

/**
 * A table of listeners like the `{ __proto__: null }` that `events` makes, which V8 keeps as a hash table of 184 bytes,
 * but as a plain object with room for the usual events: 56 bytes, of which there are as many as sockets.
 */
class ListenerTable {
  declare close: undefined
  declare message: undefined
  declare error: undefined
  declare pong: undefined

  constructor(isUsed: boolean) {
    if (!isUsed) return
    this.close = undefined
    this.message = undefined
    this.error = undefined
    this.pong = undefined
  }
}

// There must be no event that has listeners from the beginning, such as `constructor`.
delete (ListenerTable.prototype as { constructor?: unknown }).constructor
Object.setPrototypeOf(ListenerTable.prototype, null)
for (let made = 0; made < OBJECTS_WATCHED; made++) new ListenerTable(true)

/** Gives an emitter that has no listeners yet a smaller table for them. */
export function shrinkListeners(emitter: EventEmitter): void {
  const { _events: events } = emitter as Inside
  if (events === undefined || Object.getPrototypeOf(events) !== null) return
  ;(emitter as Inside)._events = new ListenerTable(false)
}
