import type {
  CloseInfo,
  CloseOutcome,
  HandlerResult,
  MessageType,
  NodeWebSocket,
  SlowReaderInfo,
  SocketHandlers,
} from '@wigwag/socket'
import { Watched } from './watched.ts'

/** One call of a handler. */
export type HandlerEvent<Data = unknown> = { readonly socket: NodeWebSocket<Data> } & (
  | { readonly type: 'open' }
  | { readonly type: 'drain' }
  | { readonly type: 'message'; readonly data: string | Uint8Array; readonly messageType: MessageType }
  | { readonly type: 'ping'; readonly payload: Uint8Array }
  | { readonly type: 'pong'; readonly payload: Uint8Array }
  | { readonly type: 'slow'; readonly info: SlowReaderInfo }
  | { readonly type: 'closing'; readonly close: CloseInfo }
  | { readonly type: 'close'; readonly outcome: CloseOutcome }
  | { readonly type: 'error'; readonly error: unknown }
)

/** Handlers that remember their calls and then call those of the test. */
export class Recorder<Data = undefined> extends Watched {
  readonly events: HandlerEvent<Data>[] = []
  readonly handlers: SocketHandlers<NodeWebSocket<Data>>
  readonly #counts = new Map<string, number>()

  constructor(own: SocketHandlers<NodeWebSocket<Data>> = {}) {
    super()
    const record = (event: HandlerEvent<Data>): void => {
      this.events.push(event)
      this.#counts.set(event.type, this.count(event.type) + 1)
      this.changed()
    }
    const then = (event: HandlerEvent<Data>, result: () => HandlerResult): HandlerResult => {
      record(event)
      return result()
    }
    this.handlers = {
      open: (socket) => then({ type: 'open', socket }, () => own.open?.(socket)),
      message: (socket, data, messageType) =>
        then({ type: 'message', socket, data, messageType }, () => own.message?.(socket, data, messageType)),
      ping: (socket, payload) => then({ type: 'ping', socket, payload }, () => own.ping?.(socket, payload)),
      pong: (socket, payload) => then({ type: 'pong', socket, payload }, () => own.pong?.(socket, payload)),
      drain: (socket) => then({ type: 'drain', socket }, () => own.drain?.(socket)),
      slow: (socket, info) => then({ type: 'slow', socket, info }, () => own.slow?.(socket, info)),
      closing: (socket, close, error) =>
        then({ type: 'closing', socket, close }, () => own.closing?.(socket, close, error)),
      close: (socket, outcome) => then({ type: 'close', socket, outcome }, () => own.close?.(socket, outcome)),
      error: (error, socket) => {
        record({ type: 'error', socket, error })
        return own.error?.(error, socket)
      },
    }
  }

  /** The events of one type. */
  of<Type extends HandlerEvent['type']>(type: Type): Extract<HandlerEvent<Data>, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<HandlerEvent<Data>, { type: Type }>[]
  }

  /** How many events of one type there were. */
  count(type: HandlerEvent['type']): number {
    return this.#counts.get(type) ?? 0
  }

  /** Waits for `count` events of a type and returns the last of them. */
  async next<Type extends HandlerEvent['type']>(
    type: Type,
    count = 1,
  ): Promise<Extract<HandlerEvent<Data>, { type: Type }>> {
    await this.until(() => this.count(type) >= count)
    return this.of(type)[count - 1] as Extract<HandlerEvent<Data>, { type: Type }>
  }

  /** The types of all events, in order. */
  get types(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** The messages so far. */
  get messages(): (string | Uint8Array)[] {
    return this.of('message').map(({ data }) => data)
  }
}
