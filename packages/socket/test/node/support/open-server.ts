import { createServer as createHttp, type Server as HttpServer, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type ConnectOptions,
  connectWebSocket,
  type NodeWebSocket,
  WebSocketServer,
  type WebSocketServerOptions,
} from '@wigwag/socket'
import { onTestFinished } from 'vitest'
import { LOCALHOST_CERTIFICATE } from './localhost-certificate.ts'
import { Recorder } from './recorder.ts'

/** A server of ours that a test may talk to; it is closed behind the test. */
export interface OpenServer<Data> {
  readonly server: WebSocketServer<Data>
  readonly port: number
  readonly url: string
  /** What its sockets told. */
  readonly log: Recorder<Data>
  readonly http: HttpServer | undefined
}

/** A server of our own on loopback. Its handlers are recorded, behind the ones given. */
export async function openServer<Data = undefined>(
  options: WebSocketServerOptions<Data> = {},
  host = '127.0.0.1',
): Promise<OpenServer<Data>> {
  const log = new Recorder<Data>(options)
  const server = new WebSocketServer<Data>({ ...options, ...log.handlers })
  closeAfterTest(server)
  const { port } = await server.listen({ host, port: 0 })
  return { server, port, url: `ws://${host}:${port}/`, log, http: undefined }
}

/** The same, attached to an `http` or `https` server. */
export async function attachServer<Data = undefined>(
  options: WebSocketServerOptions<Data> = {},
  { tls = false, request, before }: AttachOptions = {},
): Promise<OpenServer<Data> & { readonly http: HttpServer; readonly detach: () => void }> {
  const http = await openHttp(tls, request, before)
  const log = new Recorder<Data>(options)
  const server = new WebSocketServer<Data>({ ...options, ...log.handlers })
  closeAfterTest(server)
  const detach = server.attach(http)
  const { port } = http.address() as AddressInfo
  return { server, port, url: `${tls ? 'wss' : 'ws'}://localhost:${port}/`, log, http, detach }
}

/** How to attach. */
export interface AttachOptions {
  readonly tls?: boolean
  /** Answers plain requests. Default: 200 with method and path. */
  readonly request?: RequestListener
  /** Called with the server before ours is attached. */
  readonly before?: (http: HttpServer) => void
}

const describeRequest: RequestListener = (incoming, response) => {
  let body = ''
  incoming.setEncoding('utf8')
  incoming.on('data', (text: string) => (body += text))
  incoming.on('end', () => response.end(`${incoming.method} ${incoming.url} ${body}`))
}

async function openHttp(
  tls: boolean,
  request: RequestListener = describeRequest,
  before?: (http: HttpServer) => void,
): Promise<HttpServer> {
  const http = tls ? createHttps(LOCALHOST_CERTIFICATE, request) : createHttp(request)
  before?.(http)
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return http
}

function closeAfterTest(server: { terminate(): void; close(): Promise<void> }): void {
  onTestFinished(async () => {
    server.terminate()
    await server.close()
  })
}

/** A client of ours, with its handlers recorded; it is dropped behind the test. */
export async function openClient<Data = undefined>(
  url: string,
  options: ConnectOptions<Data> = {},
): Promise<{ readonly socket: NodeWebSocket<Data>; readonly log: Recorder<Data> }> {
  const log = new Recorder<Data>(options)
  const socket = await connectWebSocket<Data>(url, { ...options, ...log.handlers })
  onTestFinished(() => socket.terminate())
  return { socket, log }
}
