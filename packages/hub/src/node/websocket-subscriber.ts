import { CloseCode, type NodeWebSocket, PreparedMessage } from '@wigwag/socket'
import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Subscriber } from '../channel/subscriber.ts'
import type { HubError } from '../error/hub-error.ts'
import { encodePlain } from '../publication/data-format.ts'
import type { Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { encodeGapLine, encodeLiveLine } from '../publication/publication-line.ts'
import { encodeLine } from './encode-line.ts'

/** Close code of a bare WebSocket that asked for more than history holds: reconnect without `after`. */
export const INSUFFICIENT_STATE_CLOSE_CODE = 3010

/** The data itself: strings and JSON as text, bytes as binary. */
const bareCodec: PublicationCodec<PreparedMessage> = {
  encode: ({ data }: Publication) => new PreparedMessage(encodePlain(data)),
}

/** `["message",CHANNEL,TEXT]`, as pages know it that were fed a Redis client's replies as they came. Bytes are in base64. */
const redisCodec: PublicationCodec<PreparedMessage> = {
  encode: ({ channel, data }: Publication) => {
    const plain = encodePlain(data)
    const text = typeof plain === 'string' ? plain : Buffer.from(plain).toString('base64')
    return new PreparedMessage(JSON.stringify(['message', channel, text]))
  },
}

/** How a bare WebSocket wants its messages: the data itself, or a Redis client's reply. */
export type BareFormat = 'data' | 'redis'

const BARE_CODECS: Readonly<Record<BareFormat, PublicationCodec<PreparedMessage>>> = {
  data: bareCodec,
  redis: redisCodec,
}

/** The lines of `wigwag.publication.v1`. */
const lineCodec: PublicationCodec<PreparedMessage> = {
  encode: (publication: Publication) => new PreparedMessage(encodeLine(publication)),
}

/** A WebSocket without a subprotocol: messages are the data itself, and delivery is at most once. */
export class BareSubscriber implements Subscriber<PreparedMessage> {
  readonly codec: PublicationCodec<PreparedMessage>
  readonly #socket: NodeWebSocket<unknown>
  #isLive = false
  /** What is not younger came before, in a stream that has begun anew since. */
  #skipUntilMs = -1

  constructor(socket: NodeWebSocket<unknown>, format: BareFormat) {
    this.#socket = socket
    this.codec = BARE_CODECS[format]
  }

  deliver(encoded: PreparedMessage, { time }: Publication): void {
    if (this.#isLive || time > this.#skipUntilMs) this.#socket.send(encoded)
  }

  gap({ reason }: Gap, toldUntilMs: number | undefined): void {
    if (this.#isLive) {
      // From then on it is at most once: what the broker has lost need not be told, and nothing must come twice.
      this.#isLive = false
      this.#skipUntilMs = reason === 'epoch-changed' ? (toldUntilMs ?? -1) : -1
    } else this.#socket.close(INSUFFICIENT_STATE_CLOSE_CODE, `Cannot recover: ${reason}; reconnect without "after"`)
  }

  live(): void {
    this.#isLive = true
  }

  failed(error: HubError): void {
    closeFailed(this.#socket, error)
  }
}

/** A WebSocket with subprotocol `wigwag.publication.v1`: each message is a line with position, time and data. */
export class LineSubscriber implements Subscriber<PreparedMessage> {
  readonly codec: PublicationCodec<PreparedMessage> = lineCodec
  readonly #socket: NodeWebSocket<unknown>
  readonly #wantsLive: boolean

  constructor(socket: NodeWebSocket<unknown>, wantsLive: boolean) {
    this.#socket = socket
    this.#wantsLive = wantsLive
  }

  deliver(encoded: PreparedMessage): void {
    this.#socket.send(encoded)
  }

  gap(gap: Gap): void {
    this.#socket.send(encodeGapLine(gap))
  }

  live(position: Position | undefined, recovered: number): void {
    if (this.#wantsLive) this.#socket.send(encodeLiveLine(position, recovered))
  }

  failed(error: HubError): void {
    closeFailed(this.#socket, error)
  }
}

/** Ends a socket for a fault that is not its own: it may come back. The code of the error is all that a reason has room for. */
function closeFailed(socket: NodeWebSocket<unknown>, error: HubError): void {
  socket.close(CloseCode.tryAgainLater, error.code)
}
