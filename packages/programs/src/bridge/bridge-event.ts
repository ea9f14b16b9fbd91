/** What a bridge tells of, for a log. Bytes that pass through it are never told. */
export type BridgeEvent =
  /** A client was connected with its target. */
  | { readonly type: 'opened'; readonly client: string; readonly target: string }
  /** One was not, and why. */
  | { readonly type: 'refused'; readonly client: string; readonly why: string }
  /** A connection is over: what passed through it in bytes, and how its WebSocket was closed. */
  | {
      readonly type: 'closed'
      readonly client: string
      readonly target: string
      readonly toTargetBytes: number
      readonly fromTargetBytes: number
      readonly code: number
    }
