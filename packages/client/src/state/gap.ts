import type { Position } from './position.ts'

/** Publications that may have been missed and cannot be had any more: what is shown has to be fetched anew. */
export interface Gap {
  /**
   * `'history-expired'`: the history does not reach back that far. `'epoch-changed'`: the stream was lost. `'no-history'`:
   * the channel keeps none. `'state-invalidated'`: the server decided so.
   */
  readonly reason: 'history-expired' | 'epoch-changed' | 'no-history' | 'state-invalidated'
  /** The last position that was known. */
  readonly after: Position | undefined
  /** Where the stream stands now: what follows comes behind it. */
  readonly position: Position | undefined
}
