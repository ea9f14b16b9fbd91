import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BridgeEvent, TcpBridge, WebSocketBridge, type WebSocketBridgeOptions } from '@wigwag/programs/bridge'
import { type CloseOutcome, connectWebSocket, type NodeWebSocket, WebSocketServer } from '@wigwag/socket'
import { freePort, hasRedis, RedisServer } from '@wigwag/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { Joint } from '../../src/bridge/joint.ts'
import { StreamReader } from '../../src/bridge/stream-reader.ts'
import { receiveBytes, sendBytes } from './support/random-bytes-source.ts'
import { StreamServer } from './support/stream-server.ts'

const MIB = 1024 * 1024
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startTarget(path?: string): Promise<StreamServer> {
  const server = await StreamServer.start(path)
  cleanups.push(() => server[Symbol.asyncDispose]())
  return server
}

/** A WebSocket bridge; resolves with its URL. */
async function startBridge(options: WebSocketBridgeOptions): Promise<string> {
  const bridge = new WebSocketBridge(options)
  const { port } = await bridge.listen({ host: '127.0.0.1' })
  cleanups.push(() => bridge.close())
  return `ws://127.0.0.1:${port}`
}

/** Both bridges, one behind the other: TCP in, TCP out, a WebSocket between them. Resolves with the port. */
async function startChain(target: string, subprotocols?: readonly string[]): Promise<number> {
  const to = await startBridge({ to: target })
  const bridge = new TcpBridge({ to, ...(subprotocols && { subprotocols }) })
  cleanups.push(() => bridge.close())
  return Number((await bridge.listen()).split(':')[1])
}

function openStream(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  cleanups.push(() => socket.destroy())
  return socket
}

interface OpenedSocket {
  readonly webSocket: NodeWebSocket
  readonly closed: Promise<CloseOutcome>
  /** What came, as text. */
  readonly received: string[]
}

async function openSocket(url: string, subprotocols: readonly string[], headers = {}): Promise<OpenedSocket> {
  const received: string[] = []
  let tell: (outcome: CloseOutcome) => void
  const closed = new Promise<CloseOutcome>((resolve) => {
    tell = resolve
  })
  const webSocket = await connectWebSocket(url, {
    subprotocols,
    headers,
    message: (_, data) => received.push(Buffer.from(data as Uint8Array).toString()),
    close: (_, outcome) => tell(outcome),
  })
  cleanups.push(() => webSocket.terminate())
  return { webSocket, closed, received }
}

describe('programs that know of no WebSocket speak through it', () => {
  test.skipIf(!hasRedis)('Redis, with a client library, pipelines, and a value of 8 MiB', async () => {
    const server = await RedisServer.start()
    cleanups.push(() => server[Symbol.asyncDispose]())
    const port = await startChain(`127.0.0.1:${server.port}`)
    const redis = new Redis({ port, host: '127.0.0.1' })
    cleanups.push(() => redis.disconnect())
    const value = Buffer.alloc(8 * MIB, 'wigwag')
    await redis.set('large', value)
    expect((await redis.getBuffer('large'))?.equals(value)).toBe(true)
    const pipeline = redis.pipeline()
    for (let i = 0; i < 1000; i++) pipeline.incr('count')
    expect((await pipeline.exec())?.at(-1)).toEqual([null, 1000])
    // Redis pushes by itself, too.
    const subscriber = new Redis({ port, host: '127.0.0.1' })
    cleanups.push(() => subscriber.disconnect())
    const told = once(subscriber, 'message')
    await subscriber.subscribe('news')
    await redis.publish('news', 'hello')
    expect(await told).toEqual(['news', 'hello'])
  })

  test('64 MiB each way at once, with checksums, while both ends are half-closed one after the other', async () => {
    const target = await startTarget()
    const here = openStream(await startChain(target.target))
    const there = await target.next()
    const [sentHere, sentThere, gotHere, gotThere] = await Promise.all([
      sendBytes(here, 64 * MIB, 1).finally(() => here.end()),
      sendBytes(there, 64 * MIB, 2),
      receiveBytes(here),
      // It ends its own side only when the other side has ended: without half-close this would never come to an end.
      receiveBytes(there).finally(() => there.end()),
    ])
    expect(gotThere).toEqual({ bytes: 64 * MIB, sha256: sentHere })
    expect(gotHere).toEqual({ bytes: 64 * MIB, sha256: sentThere })
  })

  test.each(['to the target', 'from the target'])(
    'who reads nothing holds its sender up, and misses nothing: %s',
    async (way) => {
      const target = await startTarget()
      const here = openStream(await startChain(target.target))
      const there = await target.next()
      const [sender, reader] = way === 'to the target' ? [here, there] : [there, here]
      reader.pause()
      let isSent = false
      const sent = sendBytes(sender, 128 * MIB, 3).finally(() => {
        isSent = true
        sender.end()
      })
      await untilStill(() => sender.bytesWritten)
      expect(isSent).toBe(false)
      // What the kernel and both bridges hold between them.
      expect(sender.bytesWritten - sender.writableLength).toBeLessThan(64 * MIB)
      const got = await receiveBytes(reader)
      reader.end()
      expect(got).toEqual({ bytes: 128 * MIB, sha256: await sent })
    },
  )

  test('a unix socket at the end, and one at the beginning', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-bridge-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const target = await startTarget(join(folder, 'target'))
    const bridge = new TcpBridge({ to: await startBridge({ to: target.target }) })
    cleanups.push(() => bridge.close())
    const path = join(folder, 'door')
    expect(await bridge.listen({ path })).toBe(`unix:${path}`)
    const here = connect({ path, allowHalfOpen: true })
    here.end('hello')
    const there = await target.next()
    expect((await receiveBytes(there)).bytes).toBe(5)
    there.end('and back')
    expect((await receiveBytes(here)).bytes).toBe(8)
  })
})

/** Resolves when a count has not changed for a while. */
async function untilStill(count: () => number): Promise<void> {
  for (let last = -1, times = 0; times < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    times = last === count() ? times + 1 : 0
    last = count()
  }
}

describe('ends', () => {
  test('plain: the target ends, and the WebSocket is closed with 1000 behind its last byte', async () => {
    const target = await startTarget()
    const { closed, received } = await openSocket(await startBridge({ to: target.target }), ['binary'])
    const there = await target.next()
    there.end('the last')
    expect(await closed).toMatchObject({ code: 1000, reason: 'The stream has ended', clean: true })
    expect(received.join('')).toBe('the last')
    expect((await receiveBytes(there)).bytes).toBe(0)
  })

  test('plain: the client closes with 1000, and the target has its last byte and a FIN', async () => {
    const target = await startTarget()
    const { webSocket } = await openSocket(await startBridge({ to: target.target }), ['binary'])
    webSocket.send(Buffer.alloc(MIB))
    webSocket.close(1000)
    expect((await receiveBytes(await target.next())).bytes).toBe(MIB)
  })

  test.each([
    ['vanishes', (webSocket: NodeWebSocket) => webSocket.terminate()],
    ['is left in the middle, as a page is (1001)', (webSocket: NodeWebSocket) => webSocket.close(1001)],
    ['fails', (webSocket: NodeWebSocket) => webSocket.close(4000)],
  ])('a client that %s resets the target: half is not taken for all', async (_what, end) => {
    const target = await startTarget()
    const { webSocket } = await openSocket(await startBridge({ to: target.target }), ['binary'])
    const there = await target.next()
    webSocket.send(Buffer.from('half'))
    there.resume()
    await once(there, 'data')
    const [error] = await Promise.all([once(there, 'error'), end(webSocket)])
    expect(error[0]).toMatchObject({ code: 'ECONNRESET' })
  })

  test('a target that is reset closes the WebSocket with 1011', async () => {
    const target = await startTarget()
    const { closed } = await openSocket(await startBridge({ to: target.target }), ['binary'])
    const there = await target.next()
    there.resetAndDestroy()
    expect(await closed).toMatchObject({ code: 1011, reason: 'The stream has failed' })
  })

  test('wigwag.stream.v1: an empty message is an end, and the other direction goes on', async () => {
    const target = await startTarget()
    const { webSocket, closed, received } = await openSocket(await startBridge({ to: target.target }), [
      'wigwag.stream.v1',
    ])
    const there = await target.next()
    webSocket.send(Buffer.from('all of it'))
    webSocket.send(new Uint8Array(0))
    expect((await receiveBytes(there)).bytes).toBe(9)
    there.end('an answer')
    expect(await closed).toMatchObject({ code: 1000, clean: true })
    expect(received).toEqual(['an answer', ''])
  })

  test('wigwag.stream.v1: nothing may come behind the end', async () => {
    const target = await startTarget()
    const { webSocket, closed } = await openSocket(await startBridge({ to: target.target }), ['wigwag.stream.v1'])
    webSocket.send(new Uint8Array(0))
    webSocket.send(Buffer.from('more'))
    expect(await closed).toMatchObject({ code: 1008 })
  })

  test('plain: an empty message says nothing, and text is its UTF-8 bytes', async () => {
    const target = await startTarget()
    const { webSocket } = await openSocket(await startBridge({ to: target.target }), [])
    webSocket.send(new Uint8Array(0))
    webSocket.send('gr\u00fc\u00dfe')
    webSocket.close(1000)
    expect((await receiveBytes(await target.next())).bytes).toBe(7)
  })

  test('nothing for too long closes both', async () => {
    const target = await startTarget()
    const { closed } = await openSocket(await startBridge({ to: target.target, idleTimeoutMs: 50 }), ['binary'])
    const there = await target.next()
    const reset = once(there.resume(), 'error')
    expect(await closed).toMatchObject({ code: 1001, reason: 'Nothing was sent for too long' })
    expect((await reset)[0]).toMatchObject({ code: 'ECONNRESET' })
  })

  test('a target that does not end is not waited for longer than it is given', async () => {
    const target = await startTarget()
    const { webSocket } = await openSocket(await startBridge({ to: target.target, lingerMs: 50 }), ['binary'])
    const there = await target.next()
    webSocket.close(1000)
    there.resume()
    // It never ends its own side, and is never idle.
    await expect(sendBytes(there, Number.POSITIVE_INFINITY, 1)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|EPIPE/),
    })
  })
})

/** How an upgrade is refused. */
async function refusal(url: string, headers = {}, subprotocols: readonly string[] = []): Promise<unknown> {
  return connectWebSocket(url, { headers, subprotocols }).then(
    (socket) => {
      socket.terminate()
      return 'let in'
    },
    (error: { status?: number }) => error.status,
  )
}

describe('who may go where', () => {
  test('only to what is allowed, however it is written', async () => {
    const [one, two, other] = [await startTarget(), await startTarget(), await startTarget()]
    const url = await startBridge({ to: one.target, allow: [two.target.replace('127.0.0.1', 'LOCALHOST')] })
    expect(await refusal(`${url}/?target=${other.target}`)).toBe(403)
    expect(await refusal(`${url}/?target=${two.target}`)).toBe(403)
    expect(await refusal(`${url}/?target=${one.target}&target=${other.target}`)).toBe(403)
    expect(await refusal(`${url}/?target=`)).toBe(403)
    expect(await refusal(`${url}/?target=localhost:0`)).toBe(403)
    expect([one.waiting, two.waiting, other.waiting]).toEqual([0, 0, 0])
    expect(await refusal(`${url}/?target=${one.target}`)).toBe('let in')
    await one.next()
    expect(await refusal(`${url}/?target=localhost:${two.target.split(':')[1]}`)).toBe('let in')
    await two.next()
    expect(await refusal(url)).toBe('let in')
    await one.next()
  })

  test('without a target of its own one has to be named', async () => {
    const target = await startTarget()
    const url = await startBridge({ allow: [target.target] })
    expect(await refusal(url)).toBe(403)
    expect(await refusal(`${url}/?target=${target.target}`)).toBe('let in')
  })

  test('a target that is away is a 502 that does not say where it is, and an event that does', async () => {
    const port = await freePort()
    const events: BridgeEvent[] = []
    const url = await startBridge({ to: `127.0.0.1:${port}`, onEvent: (event) => events.push(event) })
    const error = await connectWebSocket(url).catch((failure: Error & { status: number; body: string }) => failure)
    expect(error).toMatchObject({ status: 502 })
    expect(JSON.stringify(error)).not.toContain(String(port))
    expect(events).toMatchObject([{ type: 'refused', why: `Cannot reach 127.0.0.1:${port}: nobody listens there.` }])
  })

  test('a target that never answers is a 504 that does not say where it is', async () => {
    // A process that is stopped accepts nobody; the kernel makes two connections for it, and no more.
    const listen = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      process.send(this.address().port) })`
    const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    cleanups.push(() => child.kill('SIGKILL'))
    const [port] = (await once(child, 'message')) as [number]
    child.kill('SIGSTOP')
    for (let i = 0; i < 2; i++) await once(openStream(port), 'connect')
    const events: BridgeEvent[] = []
    const to = `127.0.0.1:${port}`
    const url = await startBridge({ to, connectTimeoutMs: 100, onEvent: (event) => events.push(event) })
    const error = await connectWebSocket(url).catch((failure: Error & { status: number; body: string }) => failure)
    expect(error).toMatchObject({ status: 504 })
    expect(JSON.stringify(error)).not.toContain(String(port))
    expect(events).toMatchObject([{ type: 'refused', why: `${to} did not answer within 100 ms (connectTimeoutMs).` }])
  })

  test('a connection whose WebSocket is refused is reset', async () => {
    const events: BridgeEvent[] = []
    const to = await startBridge({ to: 'localhost:1' })
    const bridge = new TcpBridge({ to, onEvent: (event) => events.push(event) })
    cleanups.push(() => bridge.close())
    const here = openStream(Number((await bridge.listen()).split(':')[1]))
    expect((await once(here, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(events).toMatchObject([{ type: 'refused' }])
    expect(bridge.connections).toBe(0)
  })

  test('a name and a password, as a header or, from pages, as a subprotocol that is never chosen', async () => {
    const target = await startTarget()
    const url = await startBridge({ to: target.target, credentials: ['ann:s3cret'] })
    const basic = (pair: string): string => Buffer.from(pair).toString('base64')
    expect(await refusal(url)).toBe(401)
    expect(await refusal(url, { authorization: `Basic ${basic('ann:wrong')}` })).toBe(401)
    expect(await refusal(url, {}, [`basic.${Buffer.from('ann:wrong').toString('base64url')}`, 'binary'])).toBe(401)
    expect(target.waiting).toBe(0)
    expect(await refusal(url, { authorization: `Basic ${basic('ann:s3cret')}` })).toBe('let in')
    const { webSocket } = await openSocket(url, [`basic.${Buffer.from('ann:s3cret').toString('base64url')}`, 'binary'])
    expect(webSocket.protocol).toBe('binary')
  })

  test('no page of another origin, and no name that was bound to our address', async () => {
    const target = await startTarget()
    const url = await startBridge({ to: target.target })
    expect(await refusal(url, { origin: 'https://evil.example' })).toBe(403)
    const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const headers = { ...upgrade, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', host: 'evil.example' }
    const [response] = await once(get(url.replace('ws:', 'http:'), { headers }), 'response')
    expect(response.statusCode).toBe(403)
    expect(target.waiting).toBe(0)
  })

  test.each([
    [{}, /to, allow/],
    [{ to: 'nowhere' }, /Option to takes HOST:PORT/],
    [{ allow: ['http://a:1'] }, /Option allow takes/],
    [{ to: 'a:1', connectTimeoutMs: 0 }, /connectTimeoutMs/],
    [{ to: 'a:1', lingerMs: 0 }, /lingerMs/],
    [{ to: 'a:1', idleTimeoutMs: -1 }, /idleTimeoutMs/],
    [{ to: 'a:1', credentials: ['nobody'] }, /credentials/],
  ])('%j is refused', (options, why) => expect(() => new WebSocketBridge(options)).toThrow(why))
})

test('a runtime that knows of no onread gives what was read as events, and it passes all the same', async () => {
  const target = await startTarget()
  const [host = '', port] = target.target.split(':')
  const server = new WebSocketServer<Joint>({
    authorize: async () => {
      const stream = connect({ host, port: Number(port), allowHalfOpen: true })
      await once(stream, 'connect')
      return new Joint(stream.pause(), { idleTimeoutMs: 0, lingerMs: 1000 }, new StreamReader())
    },
    bytesAs: 'owned',
    open: (socket) => socket.data.open(socket as NodeWebSocket<unknown>),
    message: (socket, data) => socket.data.message(data as Uint8Array),
    drain: (socket) => socket.data.drained(),
    close: (socket, outcome) => socket.data.closed(outcome),
  })
  cleanups.push(() => server.close())
  const at = await server.listen({ host: '127.0.0.1' })
  const { received, closed } = await openSocket(`ws://127.0.0.1:${at.port}`, [])
  const stream = await target.next()
  stream.end('hello')
  expect(await closed).toMatchObject({ code: 1000 })
  expect(received).toEqual(['hello'])
})

test('events say who came, where to, and how much went through', async () => {
  const target = await startTarget()
  const events: BridgeEvent[] = []
  const { webSocket, closed } = await openSocket(
    await startBridge({ to: target.target, onEvent: (event) => events.push(event) }),
    ['binary'],
  )
  webSocket.send(Buffer.from('12345'))
  const there = await target.next()
  there.end('123')
  await closed
  await receiveBytes(there)
  expect(events).toEqual([
    { type: 'opened', client: '127.0.0.1', target: target.target },
    { type: 'closed', client: '127.0.0.1', target: target.target, toTargetBytes: 5, fromTargetBytes: 3, code: 1000 },
  ])
})
