import type { BytePort } from '../bytes/byte-port.ts'
import type { ExtensionChain } from '../extension/extension-chain.ts'
import type { FrameRules } from '../frame/frame-rules.ts'
import type { MessageRules } from '../message/message-assembler.ts'
import { ChunkReader, type ChunkReaderOwner } from './chunk-reader.ts'

/**
 * The reader of connections between whose messages nothing is remembered, as of nearly all of them nearly always: one for all
 * of them. An idle connection then holds a third of a KB less, and of a thousand that are read in turn less memory is touched
 * than the processor keeps near. Whoever has something to remember keeps the reader, and others get a new one.
 */
export class ReaderPool {
  readonly #port: BytePort
  #spare: ChunkReader | undefined

  constructor(port: BytePort) {
    this.#port = port
  }

  /** A reader that has nothing to remember. */
  take(
    owner: ChunkReaderOwner,
    frame: FrameRules,
    message: MessageRules,
    extensions: ExtensionChain | undefined,
  ): ChunkReader {
    const spare = this.#spare
    if (spare === undefined) return new ChunkReader(this.#port, owner, frame, message, extensions)
    this.#spare = undefined
    spare.serve(owner, frame, message, extensions)
    return spare
  }

  /** `reader` remembers nothing; its owner has let go of it. */
  giveBack(reader: ChunkReader): void {
    if (this.#spare !== undefined) return
    reader.forgetOwner()
    this.#spare = reader
  }
}
