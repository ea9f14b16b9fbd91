import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { acceptKey } from '@wigwag/socket/core'
import { type FrameSpec, frameBytes, readFrames, TEST_MASK } from '@wigwag/socket/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { ClientOptions, ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { type Face, ours, theirs } from './faces.ts'
import { event, Log } from './log.ts'

/** A scene is played twice, with `ws` and with the face of it; what was noted must be the same. */
export class Scene {
  readonly log = new Log()
  readonly face: Face
  /** Whether it is played with our face. */
  readonly isOurs: boolean
  readonly #endings: (() => unknown)[] = []

  constructor(face: Face) {
    this.face = face
    this.isOurs = face === ours
  }

  /** Calls back when the scene is over. */
  after(end: () => unknown): void {
    this.#endings.push(end)
  }

  async end(): Promise<void> {
    for (const end of this.#endings.reverse()) await end()
  }

  /** A listening server. */
  async serve(options: ServerOptions = {}): Promise<{ readonly server: WebSocketServer; readonly url: string }> {
    const server = new this.face.WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
    await event(server, 'listening')
    this.after(() => {
      for (const socket of server.clients ?? []) socket.terminate()
      return new Promise((resolve) => server.close(resolve))
    })
    return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` }
  }

  /** Both ends of an open connection, watched as `server` and `client`. */
  async open(options: ServerOptions = {}, clientOptions: ClientOptions = {}): Promise<Ends> {
    const { server, url } = await this.serve(options)
    const connected = event(server, 'connection')
    const client = this.log.watch('client', new this.face(url, clientOptions))
    this.after(() => client.terminate())
    const opened = event(client, 'open')
    const [socket] = (await connected) as [WebSocket]
    this.log.watch('server', socket)
    await opened
    return { server, url, client, socket }
  }

  /** A peer that speaks in bytes with a server of this face. */
  async openRaw(
    options: ServerOptions = {},
    headers = '',
  ): Promise<{ readonly peer: RawPeer; readonly socket: WebSocket }> {
    const { server, url } = await this.serve(options)
    const connected = event(server, 'connection')
    const peer = await this.dial(url)
    peer.socket.write(upgradeRequest('/', headers))
    const [socket] = (await connected) as [WebSocket]
    this.log.watch('server', socket)
    await peer.head()
    return { peer, socket }
  }

  /** A plain TCP connection to a server. */
  async dial(url: string): Promise<RawPeer> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    this.after(() => socket.destroy())
    await once(socket, 'connect')
    return new RawPeer(socket)
  }

  /** A client of this face, on a server that speaks in bytes. `behind` is sent with the answer. */
  async openOnRaw(
    options: ClientOptions = {},
    answer = '',
    behind?: Uint8Array,
  ): Promise<{ readonly client: WebSocket; readonly peer: RawPeer }> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.after(() => server.close())
    const connected = once(server, 'connection')
    const client = this.log.watch(
      'client',
      new this.face(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options),
    )
    this.after(() => client.terminate())
    const [socket] = (await connected) as [Socket]
    this.after(() => socket.destroy())
    const peer = new RawPeer(socket)
    const key = /sec-websocket-key: (.*)\r\n/i.exec(await peer.head())?.[1] ?? ''
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n${answer}\r\n`
    socket.write(Buffer.concat([Buffer.from(head), behind ?? Buffer.alloc(0)]))
    return { client, peer }
  }
}

/** Both ends of a connection. */
export interface Ends {
  readonly server: WebSocketServer
  readonly url: string
  readonly client: WebSocket
  readonly socket: WebSocket
}

/** The request of a client. */
export function upgradeRequest(path = '/', headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`
}

/** A TCP connection that keeps what it receives. */
export class RawPeer {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  readonly #closed: Promise<unknown>

  constructor(socket: Socket) {
    this.socket = socket
    this.#closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      socket.emit('more')
    })
  }

  /** An HTTP head, when all of it has come. */
  async head(): Promise<string> {
    while (!this.#received.includes('\r\n\r\n')) await once(this.socket, 'more')
    const end = this.#received.indexOf('\r\n\r\n') + 4
    const head = this.#received.subarray(0, end).toString('latin1')
    this.#received = this.#received.subarray(end)
    return head
  }

  /** Sends a frame as a client. */
  send(spec: FrameSpec): void {
    this.socket.write(frameBytes({ mask: TEST_MASK, ...spec }))
  }

  /** Everything received until the other end closes, as text. */
  async text(): Promise<string> {
    await this.#closed
    return this.#received.toString('latin1')
  }

  /** The frames received until the other end closes. */
  async frames(): Promise<readonly { readonly opcode: number; readonly fin: boolean; readonly payload: string }[]> {
    await this.#closed
    return readFrames(new Uint8Array(this.#received)).map(({ opcode, fin, payload }) => ({
      opcode,
      fin,
      payload: Buffer.from(payload).toString('latin1'),
    }))
  }
}

/** Plays a scene with both and compares. `intended` is what differs, and why, in the words of `docs/from-ws.md`. */
export function sameAsWs(
  name: string,
  play: (scene: Scene) => Promise<void>,
  intended: (entries: Record<string, unknown[]>) => void = () => {},
): void {
  test(name, async () => {
    const logs: Record<string, unknown[]>[] = []
    for (const face of [theirs, ours]) {
      const scene = new Scene(face)
      let ended = false
      onTestFinished(async () => {
        if (!ended) await scene.end()
      })
      await play(scene)
      logs.push(structuredClone(scene.log.entries))
      ended = true
      await scene.end()
    }
    const [expected, actual] = logs as [Record<string, unknown[]>, Record<string, unknown[]>]
    intended(expected)
    expect(Object.keys(expected)).not.toEqual([])
    expect(actual).toEqual(expected)
  })
}
