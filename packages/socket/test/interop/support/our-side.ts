import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type ConnectOptions,
  connectWebSocket,
  type NodeWebSocket,
  type SocketHandlers,
  WebSocketServer,
} from '@wigwag/socket'
import { type Report, Session, type SessionSpec } from './session.ts'
import type { Listening, Side } from './side.ts'

/** `@wigwag/socket` in the process of the test. */
export const OUR_SIDE: Side = { name: 'wigwag', connect, listen }

/** A whole list of messages is sent at once. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024

async function connect(url: string, spec: SessionSpec): Promise<Report> {
  const session = new Session(spec)
  const tls = spec.tls === null ? {} : { tls: { ca: readFileSync(spec.tls.cert) } }
  await connectWebSocket(url, {
    ...optionsOf(spec),
    ...tls,
    ...compressionOf(spec),
    ...handlersOf(session),
    data: undefined,
  })
  return session.report
}

async function listen(spec: SessionSpec): Promise<Listening> {
  const session = new Session(spec)
  const { tls } = spec
  const http = tls === null ? createHttp() : createHttps({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) })
  const server = new WebSocketServer({
    // The page of a browser comes from another port.
    allowOrigins: 'any',
    ...optionsOf(spec),
    ...compressionOf(spec),
    ...handlersOf(session),
  })
  server.attach(http)
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  const report = endBehind(session.report, async () => {
    http.close()
    await server.close()
  })
  report.catch(() => {})
  return { port: (http.address() as AddressInfo).port, report }
}

async function endBehind(report: Promise<Report>, end: () => Promise<void>): Promise<Report> {
  try {
    return await report
  } finally {
    await end()
  }
}

function optionsOf({ subprotocols, maxMessageBytes }: SessionSpec) {
  return { subprotocols, maxMessageBytes, maxQueuedBytes: MAX_QUEUED_BYTES }
}

function compressionOf({ compression }: SessionSpec): Pick<ConnectOptions, 'perMessageDeflate'> {
  return { perMessageDeflate: compression === null ? false : { thresholdBytes: 0, ...compression } }
}

function handlersOf(session: Session): SocketHandlers<NodeWebSocket<undefined>> {
  return {
    open: (socket) =>
      session.open({
        protocol: socket.protocol,
        extensions: socket.extensions,
        text: (data) => send(socket, data),
        binary: (data) => send(socket, data),
        ping: (payload) => void socket.ping(payload),
        close: (code, reason) => socket.close(code, reason),
      }),
    message: (_socket, data) => session.message(data),
    ping: (_socket, payload) => session.ping(payload),
    pong: (_socket, payload) => session.pong(payload),
    close: (_socket, { code, reason, clean }) => session.closed(code, reason, clean),
    error: (error) => session.fail(error as Error),
  }
}

function send(socket: NodeWebSocket<undefined>, data: string | Uint8Array): void {
  const status = socket.send(data)
  if (status === 'dropped') throw new Error('A message was dropped.')
}
