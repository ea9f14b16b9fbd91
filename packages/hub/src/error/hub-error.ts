/** Codes of every error that the hub reports. */
export type HubErrorCode =
  | 'ERR_CHANNEL_NAME'
  | 'ERR_CHANNEL_LIMIT'
  | 'ERR_NAMESPACE'
  | 'ERR_METHOD'
  | 'ERR_NOT_AVAILABLE'
  | 'ERR_POSITION'
  | 'ERR_IDEMPOTENCY_KEY'
  | 'ERR_PUBLICATION_DATA'
  | 'ERR_PUBLICATION_TOO_LARGE'
  | 'ERR_PUBLICATION_INVALID'
  | 'ERR_TAGS'
  | 'ERR_SUBSCRIBER'
  | 'ERR_SUBSCRIPTION_OVERRUN'
  | 'ERR_BROKER_UNAVAILABLE'
  | 'ERR_PRESENCE_UNAVAILABLE'
  | 'ERR_NOT_ACKNOWLEDGED'
  | 'ERR_HUB_CLOSED'
  | 'ERR_RPC_INPUT'
  | 'ERR_RPC_OUTPUT'
  | 'ERR_TICKET_LIMIT'
  | 'ERR_TICKETS_UNAVAILABLE'
  | 'ERR_CLUSTER_MESSAGE_TOO_LARGE'
  | 'ERR_SESSION_UNKNOWN'
  | 'ERR_SESSION_UNREACHABLE'
  | 'ERR_SESSION_PACKET'
  | 'ERR_OPTION'

/** An error with a code to match on; its message says what was wrong and what to do. */
export class HubError extends Error {
  /** What happened, as one of a closed set of names. */
  readonly code: HubErrorCode

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HubError'
    this.code = code
  }
}
