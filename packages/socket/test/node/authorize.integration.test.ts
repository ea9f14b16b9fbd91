import { refuse, type UpgradeRequest, WebSocketServer } from '@wigwag/socket'
import { concatBytes, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test, vi } from 'vitest'
import { openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'
import { Watched } from './support/watched.ts'

/** An `authorize` that waits for the test to decide. */
function asking<Decision>() {
  const asked = new Watched()
  const requests: UpgradeRequest[] = []
  const answers: ((decision: Decision) => void)[] = []
  const authorize = (request: UpgradeRequest): Promise<Decision> =>
    new Promise((resolve) => {
      requests.push(request)
      answers.push(resolve)
      asked.changed()
    })
  return { authorize, requests, answers, asked: () => asked.until(() => requests.length > 0) }
}

test('authorize sees the request, and what it resolves with becomes the data of the socket', async () => {
  const { authorize, requests, answers, asked } = asking<{ user: string }>()
  const { port, log } = await openServer({ authorize })
  const peer = await RawPeer.connect(port)
  peer.write(
    upgradeRequest({ 'Sec-WebSocket-Protocol': 'a, b', Cookie: 'sid=1' }, 'GET /app%20x/?token=t&token=u HTTP/1.1'),
  )
  await asked()
  const [request] = requests as [UpgradeRequest]
  expect(request).toMatchObject({
    target: '/app%20x/?token=t&token=u',
    path: '/app%20x/',
    subprotocols: ['a', 'b'],
    remoteAddress: '127.0.0.1',
  })
  expect(request.query.getAll('token')).toEqual(['t', 'u'])
  expect(request.headers.get('cookie')).toBe('sid=1')
  expect(request.signal.aborted).toBe(false)
  expect(peer.head, 'nothing is answered before the decision').toBeUndefined()
  answers[0]?.({ user: 'ada' })
  expect((await log.next('open')).socket.data).toEqual({ user: 'ada' })
  await peer.until(() => peer.status === 101)
  expect(request.signal.aborted).toBe(false)
})

test.each([
  ['in the packet of the request', true],
  ['while authorize decides', false],
])('§4.1 frames sent %s are not lost, whatever their order', async (_when, atOnce) => {
  const { authorize, answers, asked } = asking<undefined>()
  const { port, log } = await openServer({ authorize })
  const peer = await RawPeer.connect(port)
  const frame = (payload: string) => frameBytes({ opcode: 1, payload, mask: TEST_MASK })
  const early = concatBytes(frame('one'), frame('two'))
  const request = Buffer.from(upgradeRequest())
  if (atOnce) peer.write(concatBytes(request, early, frame('three').subarray(0, 4)))
  else {
    peer.write(request)
    await asked()
    peer.write(concatBytes(early, frame('three').subarray(0, 4)))
  }
  await asked()
  answers[0]?.(undefined)
  await peer.until(() => peer.status === 101)
  peer.write(frame('three').subarray(4))
  await log.next('message', 3)
  expect(log.messages).toEqual(['one', 'two', 'three'])
  expect(log.types[0]).toBe('open')
})

describe('refusing', () => {
  test.each([
    ['at once', () => refuse(401, 'Log in first.', { 'WWW-Authenticate': 'Bearer' })],
    ['later', async () => refuse(401, 'Log in first.', { 'WWW-Authenticate': 'Bearer' })],
  ])('refuse(401) %s is a real HTTP answer with headers and body', async (_when, authorize) => {
    const { server, port, log } = await openServer({ authorize })
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest())
    await peer.until(() => peer.ended)
    expect(peer.head).toContain('HTTP/1.1 401 Unauthorized')
    expect(peer.header('www-authenticate')).toBe('Bearer')
    expect(peer.header('connection')).toBe('close')
    expect(peer.body).toBe('Log in first.\n')
    expect(log.events).toEqual([])
    expect(server.stats).toMatchObject({ open: 0, accepted: 0, refused: 1 })
  })

  const throwing: () => undefined = () => {
    throw new Error('no database')
  }
  test.each([
    ['a throw', throwing],
    ['a rejection', async () => throwing()],
    [
      'refuse() with a header that HTTP does not allow',
      async () => refuse(401, 'no', { 'x-a': 'b\r\nx-c: d' }) as never,
    ],
    ['refuse() with a status that is no refusal', async () => refuse(200, 'no') as never],
  ])('%s is answered with 500, keeps its secrets, and the process lives', async (_what, authorize) => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { server, port } = await openServer({ authorize })
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest())
    await peer.until(() => peer.ended)
    expect(peer.status).toBe(500)
    expect(peer.head).not.toContain('x-c')
    expect(peer.body).not.toContain('database')
    expect(print).toHaveBeenCalledWith('authorize failed:', expect.any(Error))
    expect(server.stats).toMatchObject({ accepted: 0, refused: 1 })
    print.mockRestore()
  })

  test('a refused client that never closes is dropped after closeTimeoutMs, even if it goes on sending', async () => {
    const { port } = await openServer({ authorize: () => refuse(401, 'no'), closeTimeoutMs: 50 })
    const peer = await RawPeer.connect(port, { allowHalfOpen: true })
    peer.write(upgradeRequest())
    await peer.until(() => peer.ended)
    const sending = setInterval(() => peer.write('more'), 20)
    await peer.until(() => peer.error !== undefined)
    clearInterval(sending)
    expect(peer.error).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  })
})

test('a decision that takes longer than handshakeTimeoutMs: 503 with Retry-After, and the signal is aborted', async () => {
  const { authorize, requests, answers } = asking<undefined>()
  const { server, port, log } = await openServer({ authorize, handshakeTimeoutMs: 50 })
  const peer = await RawPeer.connect(port)
  peer.write(upgradeRequest())
  await peer.until(() => peer.ended)
  expect(peer.status).toBe(503)
  expect(peer.header('retry-after')).toBe('5')
  expect(requests[0]?.signal.aborted).toBe(true)
  answers[0]?.(undefined) // too late: nobody is there
  await Promise.resolve()
  expect(log.events).toEqual([])
  expect(server.stats).toMatchObject({ open: 0, refused: 1 })
})

test.each(['reset', 'FIN'] as const)(
  'a client that leaves by %s before the decision aborts the signal',
  async (how) => {
    const { authorize, requests, answers, asked } = asking<undefined>()
    const { server, port, log } = await openServer({ authorize })
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest())
    await asked()
    const [request] = requests as [UpgradeRequest]
    const aborted = new Promise((resolve) => request.signal.addEventListener('abort', resolve))
    if (how === 'reset') peer.socket.resetAndDestroy()
    else peer.socket.end()
    await aborted
    answers[0]?.(undefined)
    await peer.until(() => peer.closed)
    expect(log.events).toEqual([])
    expect(server.stats).toEqual({ open: 0, accepted: 0, refused: 0, dropped: 0 })
  },
)

test('closing the server while authorize decides answers 503 and aborts the signal', async () => {
  const { authorize, requests, asked } = asking<undefined>()
  const { server, port } = await openServer({ authorize })
  const peer = await RawPeer.connect(port)
  peer.write(upgradeRequest())
  await asked()
  await server.close()
  await peer.until(() => peer.ended)
  expect(peer.status).toBe(503)
  expect(requests[0]?.signal.aborted).toBe(true)
})

test('authorize may refuse by its own rules and let others in, on one server', async () => {
  const server = new WebSocketServer({
    authorize: ({ query }) => (query.get('token') === 'good' ? { token: 'good' } : refuse(403, 'Wrong token.')),
  })
  const { port } = await server.listen({ host: '127.0.0.1' })
  const [good, bad] = [await RawPeer.connect(port), await RawPeer.connect(port)]
  good.write(upgradeRequest({}, 'GET /?token=good HTTP/1.1'))
  bad.write(upgradeRequest({}, 'GET /?token=bad HTTP/1.1'))
  await good.until(() => good.status === 101)
  await bad.until(() => bad.status === 403)
  expect([...server.sockets].map(({ data }) => data)).toEqual([{ token: 'good' }])
  server.terminate()
  await server.close()
})
