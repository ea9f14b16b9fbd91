import { assertBytes } from '../bytes/assert-bytes.ts'
import type { FrameArena } from '../bytes/frame-arena.ts'
import type { MessageType } from './message-type.ts'

/** Where the frame of a prepared message lies, and until which recycling of the arena that holds. */
export interface EncodedFrame {
  readonly arena: FrameArena
  readonly generation: number
  readonly buffer: Uint8Array
  readonly start: number
  readonly end: number
}

/** What an extension remembers of a message that is sent to many. */
export interface PreparedEncoding {
  /** Whose it is: an object that the connections have in common that it is for. */
  readonly owner: object
  /** What others remember. */
  readonly next: PreparedEncoding | undefined
}

/** How a message is prepared. */
export interface PrepareOptions {
  /** Whether it is compressed, where that was negotiated. Default: from a socket's threshold on. */
  readonly compress?: boolean | undefined
  /** What it is sent as. Default: a string as text, bytes as binary. */
  readonly type?: MessageType | undefined
}

/**
 * A message made to be sent to many: its frame is encoded once, and every server socket that sends it in the same turn
 * writes the same bytes, compressed ones those of its cohort. It may be kept and sent again at any time.
 */
export class PreparedMessage {
  /** The message itself. The bytes of a binary one must not change. */
  readonly data: string | Uint8Array
  readonly type: MessageType
  /** Whether it shall be compressed where that was negotiated; `undefined` leaves it to the socket's threshold. */
  readonly compress: boolean | undefined
  /** Left here by the frame writer. */
  encoded: EncodedFrame | undefined = undefined
  /** Left here by extensions. */
  encodings: PreparedEncoding | undefined = undefined

  /**
   * Takes a text message as a string, a binary one as bytes; `type` is for bytes that are UTF-8, to be sent as text, and
   * for text that is sent as bytes. Throws `UsageError` `ERR_ARGUMENT` for anything else.
   */
  constructor(data: string | Uint8Array, options: PrepareOptions = {}) {
    if (typeof data !== 'string') assertBytes(data)
    this.data = data
    this.compress = options.compress
    this.type = options.type ?? (typeof data === 'string' ? 'text' : 'binary')
  }

  /** Roughly how many bytes it takes on the wire: exact for bytes and ASCII. */
  get size(): number {
    return this.data.length
  }
}
