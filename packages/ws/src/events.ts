/** What listeners added with `addEventListener` or an `on…` property are given, as in a browser. */
export class Event {
  readonly type: string
  /** The WebSocket. */
  readonly target: unknown

  constructor(type: string, target: unknown) {
    this.type = type
    this.target = target
  }
}

/** The connection is closed. */
export class CloseEvent extends Event {
  readonly code: number
  readonly reason: string
  /** Whether both Close frames were exchanged. */
  readonly wasClean: boolean

  constructor(target: unknown, code: number, reason: string, wasClean: boolean) {
    super('close', target)
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

/** Something failed; `close` follows. */
export class ErrorEvent extends Event {
  readonly error: unknown
  readonly message: string

  constructor(target: unknown, error: unknown) {
    super('error', target)
    this.error = error
    this.message = (error as Error).message
  }
}

/** A message came: text as a string, bytes as `binaryType` says. */
export class MessageEvent extends Event {
  readonly data: unknown

  constructor(target: unknown, data: unknown) {
    super('message', target)
    this.data = data
  }
}
