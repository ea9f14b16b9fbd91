import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { refuse } from '@wigwag/socket'
import { closePayload, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { retainedBytes } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

/** The suite is run twice; these are about the difference, and set what they compare themselves. */
const NATIVE = { io: 'native' } as const
const PUBLIC = { io: 'public' } as const

/** Counts the sockets that servers of `net` make in this process. */
function countNetSockets(): () => number {
  let count = 0
  const counting = (): void => void count++
  subscribe('net.server.socket', counting)
  onTestFinished(() => void unsubscribe('net.server.socket', counting))
  return () => count
}

const text = (payload: string): Uint8Array => frameBytes({ opcode: 1, payload, mask: TEST_MASK })

/** The whole suite is run with `WIGWAG_IO=public`, too: then connections are sockets of `net` from the start. */
const bareTest = test.skipIf(process.env['WIGWAG_IO'] === 'public')

describe('upgrades of a server of its own', () => {
  bareTest('make no socket of net; requests that are none do', async () => {
    const { port, log } = await openServer({ ...NATIVE, message: (socket, data) => void socket.send(data) })
    const sockets = countNetSockets()
    const peer = await RawPeer.upgrade(port)
    peer.write(text('hello'))
    await peer.until(() => peer.messages === 1)
    expect(peer.texts).toEqual(['hello'])
    expect(sockets()).toBe(0)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('WebSocket endpoint')
    expect(sockets()).toBe(1)
    peer.frame(8, closePayload(1000))
    await peer.until(() => peer.ended)
    peer.socket.end()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
  })

  test('a client that sends nothing is answered with 408 when its time is up', async () => {
    const { port } = await openServer({ ...NATIVE, handshakeTimeoutMs: 300 })
    const peer = await RawPeer.connect(port)
    await peer.until(() => peer.closed)
    expect(peer.head).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close')
  })

  test('a client that sends half a head is answered with 408, too', async () => {
    const { port } = await openServer({ ...NATIVE, handshakeTimeoutMs: 300 })
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest().slice(0, 40))
    await peer.until(() => peer.closed)
    expect(peer.status).toBe(408)
  })

  test('clients that come and go without a word leave nothing behind', async () => {
    const { server, port } = await openServer(NATIVE)
    const leaving = await RawPeer.connect(port)
    leaving.socket.end()
    await leaving.until(() => leaving.closed)
    const resetting = await RawPeer.connect(port)
    resetting.reset()
    await resetting.until(() => resetting.closed)
    const silent = await RawPeer.connect(port)
    // Accepted by now: what comes later is answered.
    await RawPeer.upgrade(port)
    server.terminate()
    await server.close()
    await silent.until(() => silent.closed)
    expect(server.stats.open).toBe(0)
  })

  test('frames right behind the head are told behind open, also when authorize takes its time', async () => {
    let decide = (): void => {}
    const deciding = new Promise<void>((resolve) => {
      decide = resolve
    })
    const { port, log } = await openServer({
      ...NATIVE,
      authorize: ({ path }) => (path === '/slow' ? deciding : undefined),
    })
    for (const path of ['/', '/slow']) {
      const peer = await RawPeer.connect(port)
      const request = upgradeRequest().replace('GET / ', `GET ${path} `)
      peer.write(Buffer.concat([Buffer.from(request), text('one'), text('two').subarray(0, 3)]))
      peer.write(text('two').subarray(3))
      if (path === '/slow') {
        peer.write(Buffer.concat([text('x'.repeat(60_000)), text('y'.repeat(60_000)), text('z'.repeat(60_000))]))
        peer.socket.end()
        await new Promise((resolve) => setImmediate(resolve))
        decide()
      }
      await peer.until(() => peer.head !== undefined)
    }
    await log.next('message', 7)
    const told = log.of('message').map(({ data }) => String(data).slice(0, 3))
    expect(told).toEqual(['one', 'two', 'one', 'two', 'xxx', 'yyy', 'zzz'])
    // FIN was behind the last of them.
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006 })
  })

  bareTest('authorize finds a request of Node when it asks for one, and its socket is the connection', async () => {
    const sockets = countNetSockets()
    const { port, log } = await openServer({
      ...NATIVE,
      authorize: async ({ incoming }) => {
        const { method, url, httpVersion, headers, rawHeaders, complete } = incoming
        const { remotePort, remoteAddress, localPort } = incoming.socket
        await new Promise(setImmediate)
        return {
          method,
          url,
          httpVersion,
          headers,
          rawHeaders,
          complete,
          remotePort,
          remoteAddress,
          localPort,
          incoming,
        }
      },
      message: (socket, data) => void socket.send(data),
    })
    const peer = await RawPeer.connect(port)
    const request = upgradeRequest({ Cookie: 'a=1' }).replace('\r\n\r\n', '\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n')
    peer.write(Buffer.concat([Buffer.from(request), text('early')]))
    await peer.until(() => peer.messages === 1)
    const { socket } = await log.next('open')
    const { incoming, ...told } = socket.data
    expect(told).toMatchObject({
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      complete: true,
      remotePort: peer.socket.localPort,
      remoteAddress: '127.0.0.1',
      localPort: port,
      headers: { cookie: 'a=1', upgrade: 'websocket', 'x-twice': '1, 2' },
    })
    expect(told.rawHeaders).toEqual(expect.arrayContaining(['X-Twice', '1', 'x-twice', '2']))
    peer.write(text('late'))
    await peer.until(() => peer.messages === 2)
    expect(peer.texts).toEqual(['early', 'late'])
    expect(sockets(), 'no server made it').toBe(0)
    incoming.socket.destroy()
    await peer.until(() => peer.closed)
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006 })
  })

  bareTest('a request that is asked for when all is decided has a socket that is nobody’s', async () => {
    const { port, log } = await openServer({ ...NATIVE, authorize: (request) => request })
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    expect(socket.data.incoming.headers['upgrade']).toBe('websocket')
    expect(socket.data.incoming.socket.remoteAddress).toBeUndefined()
    expect(socket.send('still here')).toBe('ok')
    await peer.until(() => peer.messages === 1)
  })

  test('parts of a request that are kept do not keep all of it', async () => {
    const kept: unknown[] = []
    const { port } = await openServer({
      ...NATIVE,
      trustedProxies: ['127.0.0.1'],
      authorize: (request) => {
        const { headers, path, subprotocols, remoteAddress } = request
        const user = path === '/incoming' ? request.incoming.headers['x-user'] : headers.get('x-user')
        kept.push([path, user, subprotocols, remoteAddress])
        return refuse(403, 'Not now')
      },
    })
    const ask = async (path: string, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        const peer = await RawPeer.connect(port)
        const fields = { 'X-User': `somebody with a name ${i}`, 'X-Forwarded-For': `203.0.113.${100 + (i % 100)}` }
        const long = { Cookie: 'c'.repeat(15_000), 'Sec-WebSocket-Protocol': `a-token-that-is-long-${i}` }
        peer.write(upgradeRequest({ ...fields, ...long }, `GET ${path} HTTP/1.1`))
        await peer.until(() => peer.closed)
      }
    }
    await ask('/', 50)
    await ask('/incoming', 50)
    const before = retainedBytes()
    await ask('/', 300)
    await ask('/incoming', 300)
    expect(kept.at(-1)).toEqual([
      '/incoming',
      'somebody with a name 299',
      ['a-token-that-is-long-299'],
      '203.0.113.199',
    ])
    // All of the heads are 9 MB; what sockets and handles that just closed still hold is a tenth of that.
    expect(retainedBytes() - before).toBeLessThan(3_000_000)
  })

  test('a client that leaves while authorize decides is told to its signal', async () => {
    const aborted: Promise<unknown>[] = []
    const { port } = await openServer({
      ...NATIVE,
      authorize: ({ signal, path, incoming }) => {
        if (path === '/incoming') void incoming.headers
        aborted.push(once(signal, 'abort'))
        return new Promise<undefined>(() => {})
      },
    })
    const connecting = ['/', '/incoming', '/reset'].map(async (path) => {
      const peer = await RawPeer.connect(port)
      peer.write(upgradeRequest().replace('GET / ', `GET ${path} `))
      return peer
    })
    const [ends, ends2, resets] = await Promise.all(connecting)
    await new Promise<void>((resolve) => {
      const look = (): void => (aborted.length === 3 ? resolve() : void setImmediate(look))
      look()
    })
    ends?.socket.end()
    ends2?.socket.end()
    resets?.reset()
    await Promise.all(aborted)
  })

  test('a handler that pauses in what came before the decision pauses the socket', async () => {
    let decide = (): void => {}
    const deciding = new Promise<void>((resolve) => {
      decide = resolve
    })
    const { port, log } = await openServer({
      ...NATIVE,
      authorize: () => deciding,
      message: (socket) => socket.pause(),
    })
    const peer = await RawPeer.connect(port)
    peer.write(Buffer.concat([Buffer.from(upgradeRequest()), text('one'), text('two')]))
    peer.write(text('three'))
    await new Promise((resolve) => setImmediate(resolve))
    decide()
    const { socket } = await log.next('message')
    const size = 64 << 20
    peer.write(frameBytes({ opcode: 1, payload: new Uint8Array(size), mask: TEST_MASK }).subarray(0, size))
    // The peer can get rid of what kernels take, and of no more: until then it has made progress in each of these turns.
    for (let still = 0, left = size; still < 200; ) {
      await new Promise((resolve) => setImmediate(resolve))
      still = peer.socket.writableLength === left ? still + 1 : 0
      left = peer.socket.writableLength
    }
    expect(peer.socket.writableLength, 'nobody read it').toBeGreaterThan(0)
    expect(log.messages).toEqual(['one'])
    socket.resume()
    await log.next('message', 2)
    socket.resume()
    await log.next('message', 3)
    expect(log.messages).toEqual(['one', 'two', 'three'])
    peer.reset()
  })

  test('what is sent to a slow reader in many turns leaves in few writes, in order and whole', async () => {
    const { port, log } = await openServer({ ...NATIVE, maxQueuedBytes: 64 << 20 })
    const peer = await RawPeer.upgrade(port)
    peer.socket.pause()
    const { socket } = await log.next('open')
    socket.send(new Uint8Array(8 << 20))
    const count = 2000
    const sent = Array.from({ length: count }, (_, i) => `${i} ${'x'.repeat(i % 97 === 0 ? 20_000 : i % 13)}`)
    for (const message of sent) {
      socket.send(message)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const before = socket.bufferedAmount
    expect(before).toBeGreaterThan(sent.join('').length)
    peer.socket.resume()
    await peer.until(() => peer.messages === count + 1)
    expect(peer.texts.slice(1)).toEqual(sent)
    await log.next('drain')
    expect(socket.bufferedAmount).toBe(0)
  })

  test.each([
    ['a refusal that nobody reads', 'refused'],
    ['what a slow reader was sent', 'slow'],
  ])('close() waits for %s', async (_what, how) => {
    for (const io of [NATIVE, PUBLIC]) {
      let asked = (): void => {}
      const asking = new Promise<void>((resolve) => {
        asked = resolve
      })
      const authorize = (): Promise<undefined> | undefined => {
        asked()
        return how === 'refused' ? new Promise(() => {}) : undefined
      }
      const { server, port, log } = await openServer({ ...io, authorize, maxQueuedBytes: 64 << 20 })
      const peer = await RawPeer.connect(port, { allowHalfOpen: true })
      peer.write(upgradeRequest())
      const large = new Uint8Array(8 << 20)
      if (how === 'slow') {
        await peer.until(() => peer.head !== undefined)
        peer.socket.pause()
        const { socket } = await log.next('open')
        socket.send(large)
        peer.socket.end()
        await log.next('close')
      }
      await asking
      let isClosed = false
      const closing = server.close().then(() => {
        isClosed = true
      })
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
      expect(isClosed).toBe(false)
      peer.socket.resume()
      await peer.until(() => peer.ended)
      peer.socket.end()
      await closing
      if (how === 'slow') expect(peer.frames[0]?.payload.length).toBe(large.length)
      else expect(peer.status).toBe(503)
    }
  })

  test('a reader that is slow gets everything, and the closing handshake behind it', async () => {
    const { port, log } = await openServer({ ...NATIVE, maxQueuedBytes: 64 << 20 })
    const peer = await RawPeer.upgrade(port)
    peer.socket.pause()
    const { socket } = await log.next('open')
    const large = new Uint8Array(8 << 20).fill(7)
    expect(socket.send(large)).toBe('queued')
    socket.send('behind it')
    socket.close(1000)
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    peer.socket.resume()
    await peer.until(() => peer.close !== undefined)
    expect(peer.frames.map(({ payload }) => payload.length)).toEqual([large.length, 9, 2])
    peer.frame(8, closePayload(1000))
    expect((await log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
  })
})

describe('both doors answer alike', () => {
  const lines = (request: string, ...more: string[]): string =>
    request.replace('\r\n\r\n', `\r\n${more.join('\r\n')}\r\n\r\n`)
  test.each([
    ['an upgrade', upgradeRequest()],
    ['a plain GET', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['HEAD', 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['another version', upgradeRequest({ 'Sec-WebSocket-Version': '8' })],
    ['no key', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['a wrong key', upgradeRequest({ 'Sec-WebSocket-Key': 'short' })],
    [
      'h2c',
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n',
    ],
    ['a foreign origin', upgradeRequest({ Origin: 'http://elsewhere.example' })],
    ['a foreign Host', upgradeRequest({ Host: 'elsewhere.example' })],
    ['two Hosts', lines(upgradeRequest(), 'Host: b')],
    ['another path', upgradeRequest().replace('GET / ', 'GET /other ')],
    ['an absolute URL', upgradeRequest().replace('GET / ', 'GET http://127.0.0.1/ ')],
    ['POST', upgradeRequest().replace('GET ', 'POST ')],
    ['HTTP/1.0', upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0')],
    ['a body', lines(upgradeRequest(), 'Content-Length: 3').concat('abc')],
    ['chunks', lines(upgradeRequest(), 'Transfer-Encoding: chunked').concat('0\r\n\r\n')],
    ['a folded line', lines(upgradeRequest(), 'A: b', ' c')],
    ['a space before a colon', lines(upgradeRequest(), 'A : b')],
    ['a bare LF in a value', lines(upgradeRequest(), 'A: b\nC: d')],
    ['a bare CR in a value', lines(upgradeRequest(), 'A: b\rC: d')],
    ['a NUL', lines(upgradeRequest(), 'A: \0')],
    ['lines that end in LF', upgradeRequest().replaceAll('\r\n', '\n')],
    ['garbage', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage\r\n\r\n'],
    ['a head above the limit', lines(upgradeRequest(), `A: ${'b'.repeat(20_000)}`)],
    ['a head of the limit and a byte', lines(upgradeRequest(), `A: ${'b'.repeat(16_384 - upgradeRequest().length)}`)],
    ['a subprotocol', upgradeRequest({ 'Sec-WebSocket-Protocol': 'b, a' })],
    ['a subprotocol twice', upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, a' })],
    ['compression', upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })],
    ['malformed extensions', upgradeRequest({ 'Sec-WebSocket-Extensions': 'a;;' })],
  ])('%s', async (_what, request) => {
    const answers: unknown[] = []
    for (const io of [NATIVE, PUBLIC]) {
      for (const cut of [request.length, 20]) {
        const { port, server } = await openServer({ ...io, path: '/', subprotocols: ['a'], perMessageDeflate: true })
        const peer = await RawPeer.connect(port)
        peer.write(Buffer.from(request.slice(0, cut), 'latin1'))
        if (cut < request.length) {
          await new Promise((resolve) => setImmediate(resolve))
          peer.write(Buffer.from(request.slice(cut), 'latin1'))
        }
        await peer.until(() => peer.status === 101 || peer.ended || peer.closed)
        const { accepted, refused } = server.stats
        answers.push({ head: peer.head?.replace(/^date: .*$/im, ''), body: peer.body, accepted, refused })
      }
    }
    expect(answers[0]).toMatchObject({ head: expect.stringMatching(/^HTTP\/1\.1 \d{3} /) })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })
})
