import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { PEERS } from '../peers.ts'

/** What is used of `ws` and `bufferutil`, some of it not exported. */
export interface PeerModules {
  readonly Receiver: new (options: object) => WsReceiver
  readonly Sender: { frame(data: string | Uint8Array, options: object): Buffer[] }
  readonly PerMessageDeflate: new (options: object) => WsDeflate
  /** Unmasking in plain JavaScript. */
  readonly unmask: (bytes: Uint8Array, key: Uint8Array) => void
  /** Natively; nothing where `bufferutil` has no binary for this machine. */
  readonly nativeUnmask: ((bytes: Uint8Array, key: Uint8Array) => void) | undefined
}

/** Takes chunks, emits messages. */
interface WsReceiver {
  write(chunk: Uint8Array): boolean
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
}

/** Compresses and decompresses messages, with callbacks. */
export interface WsDeflate {
  accept(offers: readonly object[]): object
  compress(data: Uint8Array, fin: boolean, done: (error: Error | null, data: Buffer) => void): void
  decompress(data: Uint8Array, fin: boolean, done: (error: Error | null, data: Buffer) => void): void
}

/** Loads them from `bench/peers`, `ws` without its native helper. Throws when they are not installed. */
export function loadPeerModules(): PeerModules {
  process.env['WS_NO_BUFFER_UTIL'] = '1'
  const require = createRequire(fileURLToPath(new URL('package.json', PEERS)))
  const file = (name: string) => fileURLToPath(new URL(`node_modules/ws/lib/${name}.js`, PEERS))
  const native = require('bufferutil') as { unmask: PeerModules['unmask'] }
  const isNative = native !== require('bufferutil/fallback')
  return {
    Receiver: require(file('receiver')) as PeerModules['Receiver'],
    Sender: require(file('sender')) as PeerModules['Sender'],
    PerMessageDeflate: require(file('permessage-deflate')) as PeerModules['PerMessageDeflate'],
    unmask: (require(file('buffer-util')) as { unmask: PeerModules['unmask'] }).unmask,
    nativeUnmask: isNative ? native.unmask : undefined,
  }
}
