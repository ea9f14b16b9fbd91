/** What went wrong, for programs. */
export type ClientErrorCode =
  /** The caller: an option is out of range, or a channel has a subscription already. */
  | 'ERR_OPTION'
  /** The hub: it answered with an error; `number` and `temporary` say which. */
  | 'ERR_REPLY'
  /** The network: there is no connection, and none is sought. `reason` says why. */
  | 'ERR_DISCONNECTED'
  /** The network: the connection ended behind what was sent and before its answer. Nobody knows whether it was carried out. */
  | 'ERR_NOT_ACKNOWLEDGED'
  /** The network or the hub: no answer in time. */
  | 'ERR_TIMEOUT'
  /** The subscription is over. `reason` says why. */
  | 'ERR_UNSUBSCRIBED'
  /** The caller reads too slowly: an iterator held as many publications as it may. */
  | 'ERR_BUFFER_FULL'
  /** The offline queue holds as much as it may, or what waited in it was too old. */
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUEUE_EXPIRED'
  /** The hub: a publication is not what the contract says, so that no handler was told of it. */
  | 'ERR_PUBLICATION_INVALID'
  /** The application: `getToken` threw, which is the `cause`; it is asked again. */
  | 'ERR_TOKEN'

/** What there is to know of an error beside its code and message. */
export interface ClientErrorDetails {
  /** The hub's error: of `ErrorCode`, or the application's own. */
  readonly number?: number
  /** Whether the same may succeed later. */
  readonly temporary?: boolean
  /** Why there is no connection, or no subscription. */
  readonly reason?: { readonly name: string; readonly text: string }
  /** What was thrown by what was called. */
  readonly cause?: unknown
}

/** Every error of the client. The message says what happened and what to do. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  declare readonly code: ClientErrorCode
  /** The hub's error, with `ERR_REPLY`: of `ErrorCode`, or the application's own. */
  declare readonly number: number | undefined
  /** Whether the same may succeed later. */
  declare readonly temporary: boolean
  /** Why there is no connection (`CloseReason`), or no subscription (`SubscriptionReason`). */
  declare readonly reason: ClientErrorDetails['reason']

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, details)
    Object.assign(this, { code, temporary: false }, details)
  }
}
