import type { EventEmitter } from 'node:events'
import type { Duplex, DuplexOptions } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type Declared from '../index.cjs'
import * as implemented from '../src/index.ts'

/**
 * The declarations are written by hand, so that they stand next to those of `ws`. Here what is implemented is taken for what
 * is declared: the compiler sees whether it is, and the test whether it is there.
 */
function check<Target extends object>(what: Target, names: readonly (keyof Target)[]): void {
  for (const name of names) expect(name in what, String(name)).toBe(true)
}

/**
 * `@types/ws` declares a path beside that of the options, which there never was, and that options which nobody gave are
 * `undefined`; in `ws` they are `null`. Its sockets are checked on their own.
 */
type DeclaredServer = Omit<
  Declared.WebSocketServer,
  'path' | 'options' | 'clients' | 'handleUpgrade' | keyof EventEmitter
>

/** `@types/ws` declares that a call-back is always given an error, or never `null`: it is given `null` when all is well. */
type DeclaredSocket = Omit<Declared, 'ping' | 'pong' | 'send' | keyof EventEmitter>

test('a socket is what is declared', () => {
  check<DeclaredSocket>(new implemented.WebSocket(null), [
    ...([
      'CONNECTING',
      'OPEN',
      'CLOSING',
      'CLOSED',
      'readyState',
      'binaryType',
      'bufferedAmount',
      'extensions',
    ] as const),
    ...(['isPaused', 'protocol', 'url', 'onopen', 'onmessage', 'onclose', 'onerror'] as const),
    ...(['close', 'terminate', 'pause', 'resume', 'addEventListener', 'removeEventListener'] as const),
  ])
})

test('a server is what is declared', () => {
  const server = new implemented.WebSocketServer({ noServer: true })
  onTestFinished(() => server.close())
  check<DeclaredServer>(server, ['address', 'close', 'shouldHandle'])
})

test('what reads and writes frames by hand is what is declared', () => {
  check<Declared.Receiver>(new implemented.Receiver(), ['write', 'end'])
  const deflate = new implemented.PerMessageDeflate({})
  check<Declared.PerMessageDeflate>(deflate, ['params', 'offer', 'accept', 'compress', 'decompress', 'cleanup'])
  check<Pick<typeof Declared.Sender, 'frame'>>(implemented.Sender, ['frame'])
  check<Pick<typeof Declared.PerMessageDeflate, 'extensionName'>>(implemented.PerMessageDeflate, ['extensionName'])
})

test('the functions are what is declared', () => {
  check<typeof Declared.extension>(implemented.extension, ['parse', 'format'])
  check<typeof Declared.subprotocol>(implemented.subprotocol, ['parse'])
  check<(socket: implemented.WebSocket, options?: DuplexOptions) => Duplex>(implemented.createWebSocketStream, [])
})

test('everything that is declared is on the class, and imported by name', () => {
  const names = ['WebSocket', 'WebSocketServer', 'createWebSocketStream', 'Sender', 'Receiver'] as const
  const more = ['PerMessageDeflate', 'extension', 'subprotocol'] as const
  for (const name of [...names, ...more] satisfies (keyof typeof Declared & keyof typeof implemented)[]) {
    expect(implemented.default[name as never], name).toBe(new Map(Object.entries(implemented)).get(name))
  }
  expect(implemented.default['Server' satisfies keyof typeof Declared as never]).toBe(implemented.WebSocketServer)
})
