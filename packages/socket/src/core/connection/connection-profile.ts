import type { BytePort } from '../bytes/byte-port.ts'
import { FrameArena } from '../bytes/frame-arena.ts'
import { portableBytes } from '../bytes/portable-bytes.ts'
import { type ExtensionChain, maxEncodedBytes } from '../extension/extension-chain.ts'
import type { FrameRules } from '../frame/frame-rules.ts'
import { FrameWriter } from '../frame/frame-writer.ts'
import type { Role } from '../frame/role.ts'
import {
  type ConnectionOptions,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from './connection-options.ts'
import { LentRead } from './lent-read.ts'
import { ReaderPool } from './reader-pool.ts'

/** What the host lends the core. */
export interface ConnectionPorts {
  /** Byte operations. Default: portable code. */
  readonly bytes?: BytePort
  /** Where frames are encoded. Default: an arena of its own that is never recycled, so every range stays valid. */
  readonly arena?: FrameArena
  /** Numbers from 0 up to 1 for the jitter of keepalive. */
  readonly random: () => number
  /** 32 unpredictable bits for a masking-key (RFC 6455 §5.3). */
  readonly randomKey: () => number
}

/** What all connections of one role, options and host share; made once, not per connection. */
export class ConnectionProfile {
  readonly role: Role
  readonly options: ResolvedConnectionOptions
  readonly bytes: BytePort
  readonly writer: FrameWriter
  readonly random: () => number
  /** Who reads for all of these connections. */
  readonly readers: ReaderPool
  /** What one of them reads, when that is lent. */
  readonly lent: LentRead
  readonly #plainRules: FrameRules
  /** By the reserved bits that have a meaning. */
  readonly #extendedRules: FrameRules[] = []

  /** Throws `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(role: Role, options: ConnectionOptions, ports: ConnectionPorts) {
    this.role = role
    this.options = resolveConnectionOptions(options)
    this.bytes = ports.bytes ?? portableBytes
    this.random = ports.random
    this.readers = new ReaderPool(this.bytes)
    this.lent = new LentRead(this.bytes, this.options.textAs !== 'string')
    this.writer = new FrameWriter(role, this.bytes, ports.arena ?? new FrameArena(this.bytes, 4096), ports.randomKey)
    this.#plainRules = { role, maxFrameBytes: this.options.maxFrameBytes, reservedBits: 0 }
  }

  /** The frame rules of connections with these extensions, if any. */
  frameRules(extensions: ExtensionChain | undefined): FrameRules {
    if (extensions === undefined) return this.#plainRules
    const { maxFrameBytes, maxMessageBytes } = this.options
    const { reservedBits } = extensions
    this.#extendedRules[reservedBits] ??= {
      role: this.role,
      // A limit that only repeats the message's leaves it to the message, which knows what is encoded.
      maxFrameBytes: maxFrameBytes < maxMessageBytes ? maxFrameBytes : maxEncodedBytes(maxFrameBytes),
      reservedBits,
    }
    return this.#extendedRules[reservedBits]
  }
}
