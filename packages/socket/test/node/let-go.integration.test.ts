import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { connectWebSocket, WebSocketServer } from '@wigwag/socket'
import { expect, onTestFinished, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const LARGE_BYTES = 32 << 20

/** Waits, turn by turn, until it is collected. */
async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 50 && ref.deref() !== undefined; turn++) {
    await new Promise(setImmediate)
    collect()
  }
  return ref.deref() === undefined
}

/** What the application had with a socket of a server that was read, sent nothing, and dropped. */
async function dataOfDropped(io: 'native' | 'public'): Promise<WeakRef<object>> {
  let told: (ref: WeakRef<object>) => void = () => {}
  const closed = new Promise<WeakRef<object>>((resolve) => {
    told = resolve
  })
  const server = new WebSocketServer<object>({
    io,
    authorize: () => ({ name: 'of one socket' }),
    message: (socket) => socket.terminate(),
    close: (socket) => told(new WeakRef(socket.data)),
  })
  onTestFinished(() => server.close())
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const client = await connectWebSocket(`ws://127.0.0.1:${port}/`)
  client.send('hello')
  return closed
}

test.each(['native', 'public'] as const)(
  'the socket that was read last is let go when it has closed (%s)',
  async (io) => {
    expect(await isCollected(await dataOfDropped(io))).toBe(true)
  },
)

test('the memory of a large message is let go when it has been written', async () => {
  const server = new WebSocketServer({
    maxQueuedBytes: 256 << 20,
    message: (socket) => void socket.send('x'.repeat(LARGE_BYTES)),
  })
  onTestFinished(() => server.close())
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const before = process.memoryUsage().arrayBuffers
  const got = new Promise<number>((resolve) => {
    void connectWebSocket(`ws://127.0.0.1:${port}/`, {
      maxMessageBytes: LARGE_BYTES,
      open: (socket) => void socket.send('go on'),
      message: (socket, data) => {
        socket.terminate()
        resolve(data.length)
      },
    })
  })
  expect(await got).toBe(LARGE_BYTES)
  for (let turn = 0; turn < 50 && process.memoryUsage().arrayBuffers - before >= LARGE_BYTES / 2; turn++) {
    await new Promise(setImmediate)
    collect()
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(LARGE_BYTES / 2)
})
