import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { writeRefusal } from './refusal.ts'
import { HEAD_WAS_CUT, isWholeHead } from './whole-head.ts'

/** How long a client that was refused may keep its side open. */
const LINGER_MS = 5000

/**
 * Serves a request that asks for an upgrade but not for ours as the plain request that it is: a common nginx block
 * sends `Upgrade: websocket` on everything, and some HTTP clients send `Upgrade: h2c`. RFC 9110 §7.8 lets a server
 * ignore Upgrade. Node has taken the socket from its parser by now, so the head is put back, without the upgrade,
 * and the socket goes to the server as if it had just come in.
 */
export function servePlainRequest(server: Server, incoming: IncomingMessage, socket: Socket, head: Buffer): void {
  // Without the line that framed it, its body would be served as a second request.
  if (!isWholeHead(incoming, server)) {
    socket.on('error', () => {})
    writeRefusal(socket, HEAD_WAS_CUT, LINGER_MS, incoming.method)
    return
  }
  let text = `${incoming.method} ${incoming.url} HTTP/${incoming.httpVersion}\r\n`
  const { rawHeaders } = incoming
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    let value = rawHeaders[i + 1] as string
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'upgrade' || lowerCase === 'http2-settings') continue
    if (lowerCase === 'connection') value = withoutUpgrade(value)
    if (lowerCase !== 'connection' || value !== '') text += `${name}: ${value}\r\n`
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]))
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket)
}

/** Drops the options of `Connection` that belong to the upgrade. */
function withoutUpgrade(connection: string): string {
  return connection
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !['upgrade', 'http2-settings', ''].includes(option.toLowerCase()))
    .join(', ')
}
