import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers a request that is no upgrade. */
export function answerUpgradeRequired(_request: unknown, response: ServerResponse): void {
  const body = STATUS_CODES[426] as string
  response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' })
  response.end(body)
}

/** Answers an upgrade with anything but 101, and ends the connection. */
export function answer(
  socket: Duplex,
  status: number,
  body?: string,
  headers?: Readonly<Record<string, unknown>>,
): void {
  const text = body || (STATUS_CODES[status] ?? '')
  const fields = {
    Connection: 'close',
    'Content-Type': 'text/html',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', destroyThis)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`)
}

/** A listener that drops the socket it listens to. */
export function destroyThis(this: Duplex): void {
  this.destroy()
}
