import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type ConnectOptions,
  connectWebSocket,
  type ServerOptions,
  type SocketOptions,
  WebSocketServer,
  type WebSocketServerOptions,
} from '@wigwag/socket'
import type { Role } from '@wigwag/socket/core'
import { LOCALHOST_CERTIFICATE } from '../../node/support/localhost-certificate.ts'
import type { SubjectOptions } from '../judge/conformance-case.ts'
import type { Session, Subject } from '../judge/line.ts'
import { EchoApplication, echoHandlers } from './echo-application.ts'
import { connectJudge, type JudgeServer, listenAsJudge } from './judge-ends.ts'
import { NetworkLine } from './network-line.ts'

/** How long something may take to come, when two cores are busy with other things. */
const WAIT_MS = 5000

/** A server of ours, and the applications of its connections by the port that the judge has. */
interface EchoServer {
  readonly port: number
  readonly applications: Map<number, EchoApplication>
  close(): Promise<void>
}

/** `WebSocketServer` and `connectWebSocket` as subjects, on real sockets. */
export class WigwagOnNode implements Subject {
  readonly name: string
  readonly transport = 'network'
  readonly strictness = 'exact'
  readonly mostExchanges: number
  readonly #tls: boolean
  readonly #io: 'native' | 'public'
  readonly #bare: boolean
  readonly #servers = new Map<string, Promise<EchoServer>>()
  #judge: Promise<JudgeServer> | undefined

  /** `bare`: nothing asks for a request of Node, and a server makes no sockets of `net` then. */
  constructor(
    name: string,
    { tls, io, bare = false }: { readonly tls: boolean; readonly io: 'native' | 'public'; readonly bare?: boolean },
  ) {
    this.name = name
    this.#bare = bare
    this.#tls = tls
    // Where bytes are cut is the business of what is below: one transport is shown every place.
    this.mostExchanges = tls || io === 'public' ? 4 : Infinity
    this.#io = io
  }

  supports(): boolean {
    return true
  }

  connect(role: Role, options: SubjectOptions): Promise<Session> {
    return role === 'server' ? this.#connectToServer(options) : this.#connectClient(options)
  }

  /** Ends the servers that connections were made to. */
  async close(): Promise<void> {
    for (const server of this.#servers.values()) await (await server).close()
    await (await this.#judge)?.close()
  }

  async #connectToServer(options: SubjectOptions): Promise<Session> {
    if (this.#bare) return this.#connectToOwnServer(options)
    const key = JSON.stringify(options)
    const opened = this.#servers.get(key) ?? this.#openServer(options)
    this.#servers.set(key, opened)
    const { port, applications } = await opened
    const socket = await connectJudge(port, this.#tls)
    const line = new NetworkLine(socket, 'server', WAIT_MS)
    const application = new EchoApplication()
    application.changed = () => line.changed()
    const { localPort = 0 } = socket
    applications.set(localPort, application)
    return { line, application, dispose: () => line.reset() }
  }

  /** A server for one connection, which need not be told from others. */
  async #connectToOwnServer(options: SubjectOptions): Promise<Session> {
    const application = new EchoApplication()
    const server = new WebSocketServer<undefined>({
      ...this.#serverOptions(options),
      ...echoHandlers(() => application),
    })
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
    const line = new NetworkLine(await connectJudge(port, false), 'server', WAIT_MS)
    application.changed = () => line.changed()
    const dispose = async (): Promise<void> => {
      line.reset()
      await closeServer(server)
    }
    return { line, application, dispose }
  }

  #serverOptions(options: SubjectOptions): ServerOptions {
    return {
      ...this.#socketOptions(options),
      ...definedOf({ subprotocols: options.subprotocols, maxHeaderBytes: options.maxHeaderBytes }),
      ...definedOf({ handshakeTimeoutMs: options.handshakeTimeoutMs }),
    }
  }

  async #openServer(options: SubjectOptions): Promise<EchoServer> {
    const applications = new Map<number, EchoApplication>()
    const echo: WebSocketServerOptions<number> = {
      ...this.#serverOptions(options),
      authorize: ({ incoming }) => incoming.socket.remotePort ?? 0,
      ...echoHandlers<number>(({ data }) => applications.get(data)),
    }
    const server = new WebSocketServer<number>(echo)
    if (!this.#tls) {
      const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
      return { port, applications, close: () => closeServer(server) }
    }
    const tls = { ...LOCALHOST_CERTIFICATE, ...definedOf({ maxHeaderSize: options.maxHeaderBytes }) }
    const https = createHttps(tls, (_request, response) => response.writeHead(404, { connection: 'close' }).end())
    server.attach(https)
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    const close = async (): Promise<void> => {
      await closeServer(server)
      https.closeAllConnections()
      await new Promise((resolve) => https.close(resolve))
    }
    return { port: (https.address() as AddressInfo).port, applications, close }
  }

  async #connectClient(options: SubjectOptions): Promise<Session> {
    this.#judge ??= listenAsJudge(this.#tls)
    const judge = await this.#judge
    const accepted = judge.accept()
    const application = new EchoApplication()
    const { subprotocols, maxHeaderBytes, handshakeTimeoutMs } = options
    const connecting = connectWebSocket(`${this.#tls ? 'wss' : 'ws'}://localhost:${judge.port}/`, {
      ...this.#socketOptions(options),
      ...definedOf({ subprotocols, maxHeaderBytes, handshakeTimeoutMs }),
      tls: { ca: LOCALHOST_CERTIFICATE.cert },
      ...echoHandlers(() => application),
    }).catch(() => application.refuse())
    const line = new NetworkLine(await accepted, 'client', WAIT_MS)
    application.changed = () => line.changed()
    const dispose = async (): Promise<void> => {
      line.reset()
      application.drop()
      await connecting
    }
    return { line, application, dispose }
  }

  #socketOptions(options: SubjectOptions): SocketOptions & Pick<ConnectOptions, 'perMessageDeflate'> {
    const { maxMessageBytes, maxFrameBytes, maxFragments, maxControlFramesPerSecond, closeTimeoutMs } = options
    const given = { maxMessageBytes, maxFrameBytes, maxFragments, maxControlFramesPerSecond, closeTimeoutMs }
    return { ...definedOf(given), io: this.#io, slowReader: 'drop', perMessageDeflate: options.compression ?? false }
  }
}

async function closeServer(server: { terminate(): void; close(): Promise<void> }): Promise<void> {
  server.terminate()
  await server.close()
}

/** Without what is `undefined`. */
function definedOf<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
