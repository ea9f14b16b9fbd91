import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createProfile, Pump, type PumpContext, resolveSocketOptions } from '@wigwag/socket/driver'
import { expect, onTestFinished, test } from 'vitest'

/** Two ends of a TCP connection; the first is driven by a pump. */
async function openPump(handlers: PumpContext<object>['handlers'] = {}) {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    peer.destroy()
    socket.destroy()
    server.close()
  })
  const context = {
    profile: createProfile('server', {}),
    options: resolveSocketOptions({ maxQueuedBytes: 1 << 30 }),
    handlers,
  }
  const pump = new Pump<object>(context, {}, socket, undefined)
  pump.start(new Uint8Array(0))
  return { pump, peer, socket }
}

test('whenWritten tells when the kernel has taken what was sent, never at once, in order', async () => {
  const { pump, peer } = await openPump()
  peer.resume()
  const told: string[] = []
  pump.send('a', undefined)
  pump.whenWritten(() => told.push('a'))
  pump.send('b', undefined)
  const written = new Promise<void>((resolve) => pump.whenWritten(() => resolve(void told.push('b'))))
  expect(told).toEqual([])
  await written
  expect(told).toEqual(['a', 'b'])
  expect(pump.bufferedAmount).toBe(0)
})

test('whenWritten waits for a slow reader, but not for what is sent later', async () => {
  const { pump, peer } = await openPump()
  let written = 0
  const first = new Promise<void>((resolve) => {
    pump.send(new Uint8Array(16 << 20), undefined)
    pump.whenWritten(() => resolve(void written++))
  })
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect(written, 'the peer has read nothing').toBe(0)
  let received = 0
  const all = new Promise<void>((resolve) => {
    peer.on('data', ({ length }) => {
      received += length
      if (received > 16 << 20) resolve()
    })
  })
  await first
  await all
})

test('whenWritten tells of a connection that ended before, as an error', async () => {
  const { pump, peer, socket } = await openPump()
  pump.send(new Uint8Array(16 << 20), undefined)
  const error = new Promise<Error | undefined>((resolve) => pump.whenWritten(resolve))
  await new Promise(setImmediate)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  peer.resetAndDestroy()
  await closed
  expect(await error).toBeInstanceOf(Error)
})

test('flush writes now: what is destroyed behind it was delivered', async () => {
  const { pump, peer, socket } = await openPump()
  pump.send('the last word', undefined)
  pump.flush()
  socket.destroy()
  const chunks: Buffer[] = []
  peer.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(peer, 'close')
  expect(Buffer.concat(chunks).subarray(2).toString()).toBe('the last word')
})

test('closing tells why a connection failed', async () => {
  const errors: unknown[] = []
  const { peer, socket } = await openPump({ closing: (_owner, _close, error) => void errors.push(error) })
  peer.write(Buffer.of(0x83, 0x80, 0, 0, 0, 0))
  peer.resume()
  await once(socket, 'finish')
  expect(errors).toMatchObject([{ code: 'ERR_FRAME_RESERVED_OPCODE' }])
})
