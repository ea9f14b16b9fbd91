import { once } from 'node:events'
import { connectWebSocket, type NodeWebSocket } from '@wigwag/socket'

/** What came of a program. */
export interface ReadOutput {
  readonly messages: number
  /** Without ends of lines. */
  readonly bytes: number
  readonly closeCode: number
}

/** Reads a program's output to its end. `received` is told of each message and may pause the socket. */
export async function readAll(
  url: string,
  received: (socket: NodeWebSocket<undefined>, bytes: number) => void = () => {},
): Promise<ReadOutput> {
  let messages = 0
  let bytes = 0
  const ended = new EventTarget()
  const closed = once(ended, 'close') as Promise<[CustomEvent<number>]>
  await connectWebSocket(url, {
    textAs: 'bytes',
    bytesAs: 'borrowed',
    maxMessageBytes: 16 * 1024 * 1024,
    message: (socket, data) => {
      messages++
      bytes += data.length
      received(socket as NodeWebSocket<undefined>, data.length)
    },
    close: (_socket, { code }) => ended.dispatchEvent(new CustomEvent('close', { detail: code })),
  })
  const [{ detail: closeCode }] = await closed
  return { messages, bytes, closeCode }
}
