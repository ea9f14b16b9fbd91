import type { Gap, HubError, Publication, PublicationCodec, Subscriber } from '@wigwag/hub'
import { CloseCode, type NodeWebSocket, PreparedMessage, type SendStatus } from '@wigwag/socket'

/** Output is text or bytes, and is sent as what it is; encoded once for all. */
const codec: PublicationCodec<PreparedMessage> = {
  encode: ({ data }: Publication) => new PreparedMessage(data as string | Uint8Array),
}

/** A WebSocket that is sent a shared program's output: the last of it, then what comes. */
export class OutputSubscriber implements Subscriber<PreparedMessage> {
  readonly codec: PublicationCodec<PreparedMessage> = codec
  readonly #socket: NodeWebSocket<unknown>
  readonly #sent: (status: SendStatus) => void
  readonly #live: () => void

  /** `sent` is told what became of each message, `live` when what came before has been sent. */
  constructor(socket: NodeWebSocket<unknown>, sent: (status: SendStatus) => void, live: () => void) {
    this.#socket = socket
    this.#sent = sent
    this.#live = live
  }

  deliver(encoded: PreparedMessage): void {
    this.#sent(this.#socket.send(encoded))
  }

  /** Nobody was promised all that was ever said. */
  gap(_gap: Gap): void {}

  live(): void {
    this.#live()
  }

  failed(error: HubError): void {
    this.#socket.close(CloseCode.tryAgainLater, error.code)
  }
}
