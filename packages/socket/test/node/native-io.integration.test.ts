import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WebSocketServer } from '@wigwag/socket'
import { expect, onTestFinished, test } from 'vitest'
import { FlushQueue } from '../../src/node/flush-queue.ts'
import { type NativeHandle, nativeHandleOf, readShared, writeNative } from '../../src/node/native-io.ts'
import { Outbox } from '../../src/node/outbox.ts'
import { RawPeer } from './support/raw-peer.ts'

/** The whole suite is run with `WIGWAG_IO=public`, too: then there is nothing here to use. */
const IS_SWITCHED_OFF = process.env['WIGWAG_IO'] === 'public'
const nativeTest = test.skipIf(IS_SWITCHED_OFF)

/** Two ends of one connection, and the native handle of the near one. */
async function openPair(): Promise<{ near: Socket; far: Socket; handle: NativeHandle }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [near] = (await accepted) as [Socket]
  onTestFinished(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  const handle = nativeHandleOf(near)
  if (handle === undefined) throw new Error('a plain socket of this version of Node has no handle that is known')
  return { near, far, handle }
}

nativeTest('TLS and closed sockets have no handle to use', async () => {
  const { near, far } = await openPair()
  expect(nativeHandleOf(new TLSSocket(far))).toBeUndefined()
  near.destroy()
  await once(near, 'close')
  expect(nativeHandleOf(near)).toBeUndefined()
})

nativeTest('reads go into one buffer, the end of the input is an event as ever, and pausing stops them', async () => {
  const { near, far, handle } = await openPair()
  const read: string[] = []
  let heard = (): void => {}
  const hearing = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve
    })
  const used = readShared(near, handle, (buffer, end) => {
    read.push(Buffer.from(buffer.subarray(0, end)).toString())
    heard()
  })
  expect(used).toBe(true)
  near.resume()
  const first = hearing()
  far.write('one')
  await first
  near.pause()
  await new Promise((resolve) => far.write('two', resolve))
  await new Promise(setImmediate)
  expect(read).toEqual(['one'])
  const second = hearing()
  near.resume()
  await second
  far.end()
  await once(near, 'end')
  expect(read).toEqual(['one', 'two'])
})

nativeTest('who listens for data reads along: a copy of the bytes as they came', async () => {
  const { near, far, handle } = await openPair()
  const told: Buffer[] = []
  near.on('data', (chunk: Buffer) => told.push(chunk))
  const ended = new Promise<void>((resolve) => {
    readShared(near, handle, (buffer, end) => {
      buffer.fill(0, 0, end)
      resolve()
    })
  })
  near.resume()
  far.write('bytes')
  await ended
  expect(Buffer.concat(told).toString()).toBe('bytes')
})

nativeTest('who listens for data later reads along from then on', async () => {
  const { near, far, handle } = await openPair()
  let heard = (): void => {}
  readShared(near, handle, () => heard())
  near.resume()
  const read = async (text: string): Promise<void> => {
    const reading = new Promise<void>((resolve) => {
      heard = resolve
    })
    far.write(text)
    await reading
  }
  await read('one')
  const told: string[] = []
  const listener = (chunk: Buffer): void => void told.push(chunk.toString())
  near.on('data', listener)
  await read('two')
  near.off('data', listener)
  await read('three')
  near.on('data', listener)
  await read('four')
  expect(told).toEqual(['two', 'four'])
})

nativeTest('a time-out of the socket begins anew with each read', async () => {
  const { near, far, handle } = await openPair()
  let renewed = 0
  const read = new Promise<void>((resolve) => readShared(near, handle, () => resolve()))
  const timed = near as Socket & { _unrefTimer(): void }
  timed._unrefTimer = () => void renewed++
  near.setTimeout(60_000)
  near.resume()
  renewed = 0
  far.write('bytes')
  await read
  expect(renewed).toBe(1)
})

nativeTest('reads do not go through what Node has for them, unless something else is there', async () => {
  const [usual, replaced] = [await openPair(), await openPair()]
  const streams = usual.handle.onread
  readShared(usual.near, usual.handle, () => {})
  expect(usual.handle.onread).not.toBe(streams)
  let passed = 0
  replaced.handle.onread = function passing(memory) {
    passed++
    return streams.call(this, memory)
  }
  const read = new Promise<void>((resolve) => readShared(replaced.near, replaced.handle, () => resolve()))
  replaced.near.resume()
  replaced.far.write('bytes')
  await read
  expect(passed).toBe(1)
})

nativeTest('what the stream has read already comes first: then nothing is taken over', async () => {
  const { near, far, handle } = await openPair()
  far.write('early')
  await once(near, 'readable')
  expect(readShared(near, handle, () => {})).toBe(false)
})

nativeTest(
  'a write that the kernel takes is done at once; one that it cannot is pending until the peer reads',
  async () => {
    const { far, handle } = await openPair()
    far.pause()
    const completed: number[] = []
    const writer = { writeCompleted: (status: number) => void completed.push(status) }
    expect(writeNative(handle, Buffer.from('small'), writer)).toBe('done')
    const large = Buffer.alloc(32 * 1024 * 1024, 'x')
    expect(writeNative(handle, large, writer)).toBe('pending')
    expect(completed).toEqual([])
    let received = 0
    const whole = new Promise<void>((resolve) => {
      far.on('data', (chunk) => {
        received += chunk.length
        if (received === large.length + 5) resolve()
      })
    })
    far.resume()
    await whole
    await expect.poll(() => completed).toEqual([0])
  },
)

nativeTest.each(['end', 'destroy'] as const)(
  'what is flushed behind the socket’s %s is lost, and known to be',
  async (how) => {
    const { near, handle } = await openPair()
    const errors: Error[] = []
    near.on('error', (error) => errors.push(error))
    const queue = new FlushQueue()
    const outbox = new Outbox(near, handle, queue, 0)
    near[how]()
    const closed = once(near, 'close')
    outbox.write(Buffer.from('late'), 0, 4)
    expect(outbox.flush()).toBe(true)
    expect(outbox.tookAll).toBe(false)
    near.destroy()
    await closed
    // Behind the end of the handle, too.
    outbox.write(Buffer.from('late'), 0, 4)
    expect(outbox.flush()).toBe(true)
    expect(outbox.bufferedAmount).toBe(0)
    expect(errors).toEqual([])
  },
)

nativeTest('a write to a peer that reset the connection is an error number, not a throw', async () => {
  const { near, far, handle } = await openPair()
  const closed = new Promise((resolve) =>
    near
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  )
  far.resetAndDestroy()
  await closed
  expect(writeNative(handle, Buffer.from('x'), { writeCompleted: () => {} })).toBeLessThan(0)
})

test.each([
  [{}, IS_SWITCHED_OFF ? 1 : 0],
  [{ io: 'native' } as const, IS_SWITCHED_OFF ? 1 : 0],
  [{ io: 'public' } as const, 1],
])('%j: the stream of a socket has %d listeners for its data', async (options, listeners) => {
  const server = new WebSocketServer(options)
  const http = createHttp()
  const connected = once(http, 'connection')
  server.attach(http)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(async () => {
    await server.close()
    http.close()
  })
  const peer = await RawPeer.upgrade((http.address() as { port: number }).port)
  const [socket] = (await connected) as [Socket]
  expect(socket.listenerCount('data')).toBe(listeners)
  peer.reset()
})

/** Whether a program finds handles to use, and what it prints besides. */
function findHandles(flags: readonly string[], io: string): { readonly stdout: string; readonly stderr: string } {
  const program = `
    import { connect, createServer } from 'node:net'
    import { nativeHandleOf } from ${JSON.stringify(new URL('../../src/node/native-io.ts', import.meta.url).href)}
    const server = createServer((socket) => {
      console.log(nativeHandleOf(socket) !== undefined)
      process.exit()
    }).listen(0, '127.0.0.1', () => connect(server.address().port, '127.0.0.1'))`
  const args = [...flags, '--import=tsx', '--conditions=@wigwag/source', '--input-type=module', '--eval', program]
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, WIGWAG_IO: io } })
}

test.each([
  ['public', false, ''],
  ['native', true, ''],
  ['', true, ''],
  ['pubilc', true, "WIGWAG_IO takes 'native' or 'public', not 'pubilc'"],
])('with WIGWAG_IO=%s in the environment of a program handles are used: %j', (io, used, warning) => {
  const { stdout, stderr } = findHandles([], io)
  expect(stdout).toBe(`${used}\n`)
  expect(stderr).toContain(warning)
  if (warning === '') expect(stderr).not.toContain('WIGWAG_IO')
})

test.each([
  [['--throw-deprecation'], true],
  [['--pending-deprecation'], true],
  [['--pending-deprecation', '--throw-deprecation'], false],
])('under %j a program goes on, and handles are used: %j', (flags, used) => {
  expect(findHandles(flags, '').stdout).toBe(`${used}\n`)
})
