import { describe, expect, test } from 'vitest'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer, requestHead, upgradeRequest } from './support/raw-peer.ts'

/** As many fields as fit into a head of 16 KiB. */
const junk = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`j${i.toString(36)}`, '']))

async function answerTo(port: number, request: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(port)
  peer.write(request)
  await peer.until(() => peer.ended || peer.closed || peer.status === 101)
  return peer
}

// As in CVE-2024-37890: Node drops header lines above maxHeadersCount, those that the handshake is about as well.
describe('an upgrade with more header lines than Node keeps is refused with 431, wherever its own lines stand', () => {
  test.each([
    ['before the junk', (port: number) => answerTo(port, upgradeRequest(junk(1500)))],
    [
      'behind the junk',
      (port: number) =>
        answerTo(port, upgradeRequest().replace('\r\nUpgrade', `\r\n${requestHead('', junk(1500)).trim()}\r\nUpgrade`)),
    ],
  ])('%s', async (_where, answer) => {
    const { port, server, log } = await openServer()
    const peer = await answer(port)
    expect(peer.status).toBe(431)
    expect(peer.header('connection')).toBe('close')
    expect(server.stats.accepted).toBe(0)
    expect(log.events).toEqual([])
  })

  test.each([1, 2, 3, 4, 5, 6])('also with maxHeadersCount %i', async (maxHeadersCount) => {
    const { port, log } = await attachServer({}, { before: (http) => Object.assign(http, { maxHeadersCount }) })
    const peer = await answerTo(port, upgradeRequest({ 'X-A': 'a', 'X-B': 'b' }))
    expect(peer.status).toBe(431)
    expect(log.events).toEqual([])
  })

  test('with all lines kept it is let in: 900 of them, or any number with maxHeadersCount 0', async () => {
    const { port } = await openServer()
    expect((await answerTo(port, upgradeRequest(junk(900)))).status).toBe(101)
    const unlimited = await attachServer({}, { before: (http) => Object.assign(http, { maxHeadersCount: 0 }) })
    expect((await answerTo(unlimited.port, upgradeRequest(junk(1500)))).status).toBe(101)
  })
})

test('a plain request whose body was framed by a line that Node dropped does not smuggle in a second one', async () => {
  const seen: string[] = []
  const { port } = await attachServer(
    {},
    { request: (incoming, response) => response.end(seen.push(incoming.url ?? '') ? 'served' : '') },
  )
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const head = requestHead('GET /plain HTTP/1.1', {
    Host: 'localhost',
    ...junk(1500),
    Upgrade: 'h2c',
    Connection: 'Upgrade',
    'Content-Length': String(smuggled.length),
  })
  const peer = await answerTo(port, head + smuggled)
  expect(peer.status).toBe(431)
  await peer.until(() => peer.closed)
  expect(seen).toEqual([])
})
