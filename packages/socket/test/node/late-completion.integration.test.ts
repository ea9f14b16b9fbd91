import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { expect, onTestFinished, test } from 'vitest'
import { type NativeHandle, nativeHandleOf } from '../../src/node/native-io.ts'
import { RawPeer } from './support/raw-peer.ts'

/** As many as leave at once, in one write, with nothing behind them. */
const MESSAGES = 7

type WriteBuffer = NativeHandle['writeBuffer']

/**
 * A write may be taken whole and yet be told of a turn later: libuv tries, the kernel is full, libuv queues the rest,
 * tries again at once, and by then the peer has read. Makes every write of `handle` such a one, if it writes anything.
 */
function completeLate(handle: NativeHandle): void {
  const { streamBaseState, kLastWriteWasAsync } = (
    process as unknown as { binding(name: string): { streamBaseState: Int32Array; kLastWriteWasAsync: number } }
  ).binding('stream_wrap')
  const writeBuffer = handle.writeBuffer.bind(handle)
  const late: WriteBuffer = (request, bytes) => {
    const status = writeBuffer(request, bytes)
    if (bytes.length > 0 && status === 0 && streamBaseState[kLastWriteWasAsync] === 0) {
      streamBaseState[kLastWriteWasAsync] = 1
      setImmediate(() => setImmediate(() => request.oncomplete(0)))
    }
    return status
  }
  handle.writeBuffer = late
}

/** Fails what would otherwise never end: writes in a turn that does not come to its end. */
function boundWrites(socket: Socket, most: number): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  let writes = 0
  socket.write = ((...args: unknown[]) => {
    if (++writes > most) {
      socket.destroy()
      throw new Error(`More than ${most} writes while one is awaited.`)
    }
    return write(...args)
  }) as Socket['write']
}

async function listen(http: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return (http.address() as AddressInfo).port
}

// Where handles are not used, nothing is completed late.
test.skipIf(process.env['WIGWAG_IO'] === 'public')(
  'drain waits for a write whose completion is told late, without keeping the process from hearing of it',
  async () => {
    const http = createServer()
    http.on('connection', (socket: Socket) => {
      const handle = nativeHandleOf(socket)
      if (handle !== undefined) completeLate(handle)
      boundWrites(socket, 100)
    })
    let drained = (): void => {}
    const draining = new Promise<void>((resolve) => {
      drained = resolve
    })
    const statuses: string[] = []
    const server = new WebSocketServer({
      io: 'native',
      // Not in `open`: the HTTP answer may be on its way, and everything goes behind it through the stream.
      message: (socket) => {
        // Above the mark at which what waits leaves at once, and at which 'drain' is asked for.
        for (let i = 0; i < MESSAGES; i++) statuses.push(socket.send('x'.repeat(10_000)))
      },
      drain: () => drained(),
    })
    server.attach(http)
    const peer = await RawPeer.upgrade(await listen(http))
    peer.frame(1, 'now')
    await draining
    expect(statuses).toContain('queued')
    await peer.until(() => peer.messages === MESSAGES)
    server.terminate()
  },
)
