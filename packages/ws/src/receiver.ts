import { Writable } from 'node:stream'
import { Connection, type ConnectionSink, type Role } from '@wigwag/socket/core'
import { createContext, type FaceOptions } from './socket-context.ts'
import { EMPTY, toBuffer } from './to-bytes.ts'
import { toWsError } from './ws-errors.ts'

/**
 * Frames read by hand: bytes are written to it, and it emits `message`, `ping`, `pong`, `conclude` (a Close frame came) and
 * `error`. A socket does not read through it. There are no extensions.
 */
export class Receiver extends Writable {
  readonly #connection: Connection
  #error: Error | undefined

  constructor(options: FaceOptions & { readonly isServer?: boolean } = {}) {
    super()
    const role = options.isServer === true ? 'server' : 'client'
    this.#connection = new Connection(createContext(role, options).profile, this.#sink(role), 0)
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#connection.receive(chunk, 0)
    done(this.#error)
  }

  /** Only what is read counts: nothing is answered. */
  #sink(role: Role): ConnectionSink {
    return {
      bufferedAmount: 0,
      message: (data, type) => void this.emit('message', toBuffer(data as Uint8Array), type === 'binary'),
      ping: (payload) => void this.emit('ping', toBuffer(payload)),
      pong: (payload) => void this.emit('pong', toBuffer(payload)),
      closing: ({ code, reason }, error) => {
        if (error !== undefined) this.#error = toWsError(error, role)
        else this.emit('conclude', code, reason === '' ? EMPTY : Buffer.from(reason))
      },
      write() {},
      end() {},
      destroy() {},
      closed() {},
    }
  }
}
