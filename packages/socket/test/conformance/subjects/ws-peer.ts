import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Role } from '@wigwag/socket/core'
import WebSocket, { WebSocketServer } from 'ws'
import type { CompressionOptions, SubjectOptions } from '../judge/conformance-case.ts'
import type { Session, Subject, SubjectApplication, SubjectOutcome } from '../judge/line.ts'
import { connectJudge, listenAsJudge } from './judge-ends.ts'
import { NetworkLine } from './network-line.ts'

/** A foreign peer is not waited for as long as one of ours: where it does not do a thing, it never will. */
const WAIT_MS = 1000

/** What it cannot be told. */
const OURS: readonly (keyof SubjectOptions)[] = ['maxFrameBytes', 'maxControlFramesPerSecond', 'maxHeaderBytes']

/** `ws` as a subject. It is judged by what the RFCs say, not by our choices. */
export const wsPeer: Subject = {
  name: 'ws',
  transport: 'network',
  strictness: 'rfc',
  supports: (_role, options) => OURS.every((option) => options[option] === undefined),
  connect: (role, options) => (role === 'server' ? connectToServer(options) : connectClient(options)),
}

async function connectToServer(options: SubjectOptions): Promise<Session> {
  const { subprotocols } = options
  const server = new WebSocketServer({
    ...connectionOptions(options, 'server'),
    port: 0,
    host: '127.0.0.1',
    ...(subprotocols === undefined
      ? {}
      : {
          handleProtocols: (offered: Set<string>) => [...offered].find((name) => subprotocols.includes(name)) ?? false,
        }),
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const line = new NetworkLine(await connectJudge(port, false), 'server', WAIT_MS)
  const application = new WsApplication(line)
  server.on('connection', (socket) => application.use(socket))
  const dispose = async (): Promise<void> => {
    line.reset()
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
  return { line, application, dispose }
}

async function connectClient(options: SubjectOptions): Promise<Session> {
  const judge = await listenAsJudge(false)
  const accepted = judge.accept()
  const url = `ws://localhost:${judge.port}/`
  const socket = new WebSocket(url, [...(options.subprotocols ?? [])], connectionOptions(options, 'client'))
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })
  const line = new NetworkLine(await accepted, 'client', WAIT_MS)
  const application = new WsApplication(line)
  application.use(socket)
  const dispose = async (): Promise<void> => {
    line.reset()
    socket.terminate()
    await closed
    await judge.close()
  }
  return { line, application, dispose }
}

function connectionOptions(options: SubjectOptions, role: Role): WebSocket.ClientOptions & object {
  const { maxMessageBytes = 1024 * 1024, closeTimeoutMs, compression } = options
  return {
    maxPayload: maxMessageBytes,
    perMessageDeflate: compression === undefined ? false : deflateOptions(compression, role),
    ...(closeTimeoutMs === undefined ? {} : { closeTimeout: closeTimeoutMs }),
  }
}

function deflateOptions(compression: CompressionOptions, role: Role): WebSocket.PerMessageDeflateOptions {
  const { serverNoContextTakeover, clientNoContextTakeover, thresholdBytes } = compression
  const { serverMaxWindowBits = 12, clientMaxWindowBits = 12 } = compression
  return {
    ...(serverNoContextTakeover === undefined ? {} : { serverNoContextTakeover }),
    ...(clientNoContextTakeover === undefined ? {} : { clientNoContextTakeover }),
    ...(role === 'server' ? { serverMaxWindowBits, clientMaxWindowBits } : { clientMaxWindowBits }),
    ...(thresholdBytes === undefined ? {} : { threshold: thresholdBytes }),
  }
}

/** Echoes; stops reading as long as its peer does not read the echoes. */
class WsApplication implements SubjectApplication {
  readonly #line: NetworkLine
  #socket: WebSocket | undefined
  #opened = false
  refused = false
  outcome: SubjectOutcome | undefined

  constructor(line: NetworkLine) {
    this.#line = line
  }

  use(socket: WebSocket): void {
    this.#socket = socket
    this.#opened = socket.readyState === WebSocket.OPEN
    let clean = false
    socket.on('open', () => {
      this.#opened = true
      this.#line.changed()
    })
    socket.on('error', () => {})
    socket.on('message', (data: Buffer, binary) => {
      socket.send(data, { binary }, () => {
        if (socket.isPaused && socket.bufferedAmount === 0) socket.resume()
      })
      if (socket.bufferedAmount > 64 * 1024) socket.pause()
    })
    socket.on('close', (code) => {
      clean = code !== 1006
      if (this.#opened) this.outcome = { code, clean }
      else this.refused = true
      this.#line.changed()
    })
    this.#line.changed()
  }

  get open(): boolean {
    return this.#opened
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  close(code: number | undefined, reason: string): void {
    this.#socket?.close(code, reason)
  }

  send(data: string | Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data)
  }
}
