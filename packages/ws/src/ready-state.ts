/** The states of WHATWG's `readyState`, as numbers. */
export const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
/** One of them. */
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState]

/** Their names in the order of their numbers. */
const READY_STATE_NAMES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']

/** `OPEN (1)` and so on, as error texts have it. */
export function describeReadyState(state: ReadyState): string {
  return `WebSocket is not open: readyState ${state} (${READY_STATE_NAMES[state]})`
}
