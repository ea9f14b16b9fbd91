import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP connection to a server, by hand. */
export interface RawClient {
  readonly socket: Socket
  /** Everything that came, as Latin-1. */
  readonly text: () => string
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>
}

/** Connects; drops the connection when the test is finished. */
export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => {
    socket.destroy()
  })
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  // A server that gives up may reset the connection.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return { socket, text: () => text, closed }
}

/** Sends a request and reads its answer to the end. */
export async function askRaw(port: number, ...lines: string[]): Promise<string> {
  const client = await connectRaw(port)
  client.socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  await client.closed
  return client.text()
}
