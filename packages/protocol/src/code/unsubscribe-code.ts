/** Why a hub ends a subscription. Below 2500 it is over; from there on the client subscribes again. */
export const UnsubscribeCode = {
  /** Somebody with the right to decided so. */
  server: 2000,
  /** What was delivered and what the stream holds do not join: recover. */
  insufficientState: 2500,
  /** The subscription's time is up. */
  expired: 2501,
  /** Nothing that the client holds is valid any more, its subscription token included. */
  stateInvalidated: 2502,
} as const

/** A code of `UnsubscribeCode`. */
export type UnsubscribeCode = (typeof UnsubscribeCode)[keyof typeof UnsubscribeCode]

/** Whether a client that is unsubscribed with `code` subscribes again. */
export function resubscribesAfter(code: number): boolean {
  return code >= 2500
}
