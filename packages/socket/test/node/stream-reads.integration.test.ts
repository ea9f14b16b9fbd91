import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { SocketReader } from '../../src/node/driver-socket.ts'
import { readFrom } from '../../src/node/socket-io.ts'

/** A socket that is read by way of its stream, the other end of it, and what its reader was told. */
class Line implements SocketReader {
  readonly near: Socket
  readonly far: Socket
  text = ''
  /** Called behind each chunk. */
  onChunk: (() => void) | undefined
  #waiting: { readonly isTrue: () => boolean; readonly resolve: () => void } | undefined
  hasEnded = false

  static async open(): Promise<Line> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const far = connect((server.address() as { port: number }).port, '127.0.0.1').setNoDelay(true)
    const [near] = (await accepted) as [Socket]
    server.close()
    return new Line(near, far)
  }

  constructor(near: Socket, far: Socket) {
    this.near = near
    this.far = far
    readFrom(near, undefined, this)
    near.resume()
  }

  socketChunk(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString('latin1')
    this.onChunk?.()
    this.#look()
  }

  socketEnded(): void {
    this.hasEnded = true
    this.#look()
  }

  socketRead(): void {}
  socketFailed(): void {}
  socketClosed(): void {}

  async until(isTrue: () => boolean): Promise<void> {
    if (!isTrue()) await new Promise<void>((resolve) => (this.#waiting = { isTrue, resolve }))
  }

  /** Writes, and waits until it was told. */
  async pass(text: string): Promise<void> {
    const length = this.text.length + text.length
    this.far.write(text)
    await this.until(() => this.text.length >= length)
  }

  #look(): void {
    if (this.#waiting?.isTrue() !== true) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }

  destroy(): void {
    this.near.destroy()
    this.far.destroy()
  }
}

async function openLine(): Promise<Line> {
  const line = await Line.open()
  onTestFinished(() => line.destroy())
  return line
}

test('all that is read is told, and the end behind it', async () => {
  const line = await openLine()
  await line.pass('one')
  await line.pass('two')
  line.far.end('three')
  await line.until(() => line.hasEnded)
  expect(line.text).toBe('onetwothree')
})

test('a read costs no tick of its own', async () => {
  const line = await openLine()
  await line.pass('first')
  let ticks = 0
  let ticksAtRead = 0
  const hook = createHook({ init: (_id, type) => type === 'TickObject' && ticks++ }).enable()
  onTestFinished(() => void hook.disable())
  // Ticks of a read are made behind it, ahead of whatever its own are for.
  line.onChunk = () => queueMicrotask(() => (ticksAtRead += ticks - atChunk))
  let atChunk = 0
  const { push } = line.near
  line.near.push = function counted(this: Socket, chunk) {
    atChunk = ticks
    return push.call(this, chunk)
  } as Socket['push']
  for (let i = 0; i < 10; i++) await line.pass('more')
  expect(ticksAtRead).toBe(0)
})

test('somebody else who listens is told of each chunk once, and no more when they are gone', async () => {
  const line = await openLine()
  let counted = ''
  const count = (chunk: Buffer): void => {
    counted += chunk.toString('latin1')
  }
  await line.pass('before')
  line.near.on('data', count)
  await line.pass('between')
  line.near.off('data', count)
  await line.pass('behind')
  expect([line.text, counted]).toEqual(['beforebetweenbehind', 'between'])
})

test('somebody else who pipes it to where there is little room holds both up, and all arrives', async () => {
  const line = await openLine()
  let piped = ''
  const slow = new Writable({
    highWaterMark: 4,
    write: (chunk: Buffer, _, written) => {
      piped += chunk.toString('latin1')
      setImmediate(written)
    },
  })
  line.near.pipe(slow)
  const sent = 'some text that is long enough for it '.repeat(20_000)
  line.far.end(sent)
  await once(slow, 'finish')
  expect(line.text).toBe(sent)
  expect(piped).toBe(sent)
})

test('while it is paused nothing is told, what comes is held up at the peer, and nothing is lost', async () => {
  const line = await openLine()
  await line.pass('first')
  line.near.pause()
  const sent = Buffer.alloc(16 * 1024 * 1024, 'x')
  line.far.write(sent)
  // The stream holds what it may, and reads no more.
  while (line.near.readableLength < line.near.readableHighWaterMark) await new Promise(setImmediate)
  expect(line.text).toBe('first')
  expect(line.far.writableLength).toBeGreaterThan(0)
  line.near.resume()
  await line.until(() => line.text.length === 5 + sent.length)
})

test('paused and resumed at any time, by whoever is told, all is told in order', async () => {
  const plan = fc.array(fc.record({ length: fc.integer({ min: 1, max: 3000 }), pausesBehind: fc.boolean() }), {
    minLength: 1,
    maxLength: 20,
  })
  await fc.assert(
    fc.asyncProperty(plan, async (writes) => {
      const line = await Line.open()
      let sent = ''
      let pauses = 0
      line.onChunk = () => {
        if (writes[pauses++ % writes.length]?.pausesBehind !== true) return
        line.near.pause()
        setImmediate(() => line.near.resume())
      }
      for (const [index, { length }] of writes.entries()) {
        const text = String.fromCharCode(97 + (index % 26)).repeat(length)
        sent += text
        line.far.write(text)
        if (index % 3 === 0) await new Promise(setImmediate)
      }
      line.far.end()
      await line.until(() => line.hasEnded)
      line.destroy()
      expect(line.text).toBe(sent)
    }),
    { numRuns: 60 },
  )
})

test('should Node come not to call `push`, all is told as ever', async () => {
  const line = await openLine()
  line.near.push = Socket.prototype.push
  await line.pass('one')
  line.far.end('two')
  await line.until(() => line.hasEnded)
  expect(line.text).toBe('onetwo')
})

/** A connection that somebody made a `Socket` of, which gives a chunk each time that it is asked for one. */
class AskedSocket extends Socket {
  readonly #chunks: Buffer[]

  constructor(chunks: readonly string[]) {
    super()
    this.#chunks = chunks.map((chunk) => Buffer.from(chunk))
  }

  override _read(): void {
    const chunk = this.#chunks.shift()
    setImmediate(() => this.push(chunk ?? null))
  }
}

test('a socket that gives only what it is asked for is asked for more', async () => {
  const line = new Line(new AskedSocket(['one', 'two', 'three']), new Socket())
  onTestFinished(() => line.destroy())
  await line.until(() => line.hasEnded)
  expect(line.text).toBe('onetwothree')
})

test('a `push` of its own that a socket has goes on seeing all of it', async () => {
  let pushed = ''
  class SeenSocket extends AskedSocket {
    override push(chunk: Buffer | null): boolean {
      pushed += chunk?.toString('latin1') ?? '.'
      return super.push(chunk)
    }
  }
  const line = new Line(new SeenSocket(['one', 'two']), new Socket())
  onTestFinished(() => line.destroy())
  await line.until(() => line.hasEnded)
  expect([line.text, pushed]).toEqual(['onetwo', 'onetwo.'])
})

test('somebody who took all listeners away and listens is told, and the reader is not', async () => {
  const line = await openLine()
  await line.pass('before')
  line.near.removeAllListeners('data')
  const told = once(line.near, 'data')
  line.far.write('behind')
  expect(String(await told)).toBe('behind')
  expect(line.text).toBe('before')
})

test('what somebody puts in beside what is read is told as a stream tells it', async () => {
  const line = await openLine()
  const chunks: unknown[] = []
  const { socketChunk } = line
  line.socketChunk = function noting(chunk) {
    chunks.push(chunk)
    socketChunk.call(this, chunk)
  }
  await line.pass('before')
  line.near.push('text', 'latin1')
  line.near.push(Buffer.alloc(0))
  line.near.push(Buffer.from('bytes'))
  line.near.destroy()
  line.near.push(Buffer.from('late'))
  expect(chunks).toEqual([Buffer.from('before'), Buffer.from('text'), Buffer.from('bytes')])
})
