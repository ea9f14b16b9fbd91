import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createProfile, Pump, type PumpContext, resolveSocketOptions } from '@wigwag/socket/driver'
import { expect, onTestFinished, test, vi } from 'vitest'
import { digest, patternBytes } from './support/digest.ts'
import { RawPeer } from './support/raw-peer.ts'

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

test('between the fragments of a message not even one that was just encoded for another socket may be sent', async () => {
  const [one, other] = [await openPump(), await openPump()]
  one.peer.resume()
  const frames = new RawPeer(other.peer)
  frames.head = ''
  other.pump.sendFragment('first, ', false)
  one.pump.send('in between', undefined)
  expect(() => other.pump.send('in between', undefined)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }))
  other.pump.sendFragment('last', true)
  one.pump.send('behind', undefined)
  expect(other.pump.send('behind', undefined)).toBe('ok')
  await frames.until(() => frames.frames.length === 3)
  expect(frames.texts).toEqual(['first, ', 'last', 'behind'])
})

/** Two pumps on a connection in memory: what one end writes is what the other reads, the same arrays. */
function openPair(server: PumpContext<object>['handlers'], client: PumpContext<object>['handlers']) {
  const ends = [0, 1].map(
    (side): Duplex =>
      new Duplex({
        read() {},
        write: (chunk: Buffer, _encoding, done) => {
          ends[1 - side]?.push(chunk)
          done()
        },
      }),
  )
  const options = resolveSocketOptions({ maxQueuedBytes: 1 << 30 })
  const [left, right] = [
    { role: 'server', handlers: server } as const,
    { role: 'client', handlers: client } as const,
  ].map(({ role, handlers }, side) => {
    const profile = createProfile(role, { maxMessageBytes: 1 << 24, textAs: 'bytes' })
    const pump = new Pump<object>({ profile, options, handlers }, {}, ends[side] as Duplex as Socket, undefined)
    pump.start(new Uint8Array(0))
    return pump
  })
  onTestFinished(() => {
    for (const end of ends) end.destroy()
  })
  return { server: left as Pump<object>, client: right as Pump<object> }
}

test('over a stream in memory, too, what came is the receiver’s for good, however much is sent behind it', async () => {
  const received: Uint8Array[] = []
  const { server } = openPair({}, { message: (_owner, data) => void received.push(data as Uint8Array) })
  const sent = Array.from({ length: 40 }, (_, i) => patternBytes(i * 331, i))
  for (const bytes of sent) {
    server.send(bytes, undefined)
    await new Promise(setImmediate)
  }
  await vi.waitFor(() => expect(received).toHaveLength(sent.length))
  expect(received.map((bytes) => digest(bytes))).toEqual(sent.map((bytes) => digest(bytes)))
})

test('a stream that is read within its write may answer with more than an arena takes', async () => {
  const received: string[] = []
  const others: string[] = []
  const expected: string[] = []
  const pair = openPair(
    { message: (_owner, data) => void received.push(digest(data)) },
    {
      message: () => {
        for (let i = 0; i < 80; i++) {
          const bytes = patternBytes(12_000, i)
          expected.push(digest(bytes))
          pair.client.send(bytes, undefined)
        }
      },
    },
  )
  const third = openPair({}, { message: (_owner, data) => void others.push(digest(data)) })
  const wanted = patternBytes(15_000, 7)
  pair.server.send('go', undefined)
  third.server.send(wanted, undefined)
  await vi.waitFor(() => expect(received).toHaveLength(80))
  await vi.waitFor(() => expect(others).toHaveLength(1))
  expect(received).toEqual(expected)
  expect(others).toEqual([digest(wanted)])
})
