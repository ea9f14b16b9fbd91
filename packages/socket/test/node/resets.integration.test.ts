import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connectWebSocket } from '@wigwag/socket'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { watchFailures } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { attachServer } from './support/open-server.ts'
import { RawPeer, requestHead, upgradeRequest } from './support/raw-peer.ts'
import { accepted, openRaw } from './support/raw-server.ts'

const MASKED = frameBytes({ opcode: 1, payload: 'a message', mask: TEST_MASK })
const CLOSE = frameBytes({ opcode: 8, payload: Uint8Array.of(3, 232), mask: TEST_MASK })

/** What a client may have sent when it is reset. */
const REQUESTS: readonly [what: string, bytes: Buffer][] = [
  ['an upgrade, a message and a close', Buffer.concat([Buffer.from(upgradeRequest()), MASKED, CLOSE])],
  ['an upgrade that is refused', Buffer.from(upgradeRequest({ 'Sec-WebSocket-Version': '8' }))],
  [
    'a plain request with Upgrade',
    Buffer.from(requestHead('GET / HTTP/1.1', { Host: 'a', Upgrade: 'b', Connection: 'upgrade' })),
  ],
  ['two requests in one go', Buffer.from(requestHead('GET / HTTP/1.1', { Host: 'a' }) + upgradeRequest())],
]

// As in CVE-2022-41940: an error of a socket to which nobody listens ends the process.
describe('a reset at any byte is a closed connection to a server, and no failure', () => {
  describe.each([
    ['decided at once', undefined],
    ['decided later', () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined))],
  ] as const)('%s', (_when, authorize) => {
    test.each(REQUESTS)('of %s', async (_what, bytes) => {
      using watch = watchFailures()
      const { port, server, http } = await attachServer(authorize === undefined ? {} : { authorize })
      const closed: Promise<unknown>[] = []
      http.on(
        'connection',
        (socket: Socket) => void closed.push(new Promise((resolve) => socket.once('close', resolve))),
      )
      for (let length = 0; length <= bytes.length; length++) {
        const peer = await RawPeer.connect(port)
        peer.socket.write(bytes.subarray(0, length), () => peer.reset())
        await once(peer.socket, 'close')
      }
      while (closed.length < bytes.length + 1) await new Promise((resolve) => setImmediate(resolve))
      await Promise.all(closed)
      expect(server.sockets.size).toBe(0)
      expect(watch.failures).toEqual([])
      expect((await RawPeer.upgrade(port)).status).toBe(101)
    })
  })
})

test('a reset at any byte rejects the connecting of a client, or closes its socket with 1006', async () => {
  using watch = watchFailures()
  let length = 0
  let bytes = Buffer.alloc(1)
  const url = await openRaw((socket, _head, key) => {
    bytes = Buffer.concat([Buffer.from(accepted(key)), frameBytes({ opcode: 1, payload: 'a message' })])
    socket.write(bytes.subarray(0, length), () => socket.resetAndDestroy())
  })
  let opened = 0
  for (; length <= bytes.length; length++) {
    let close = (_code: number): void => {}
    const code = new Promise<number>((resolve) => {
      close = resolve
    })
    const result = await connectWebSocket(url, { close: (_socket, outcome) => close(outcome.code) }).catch(
      (error: unknown) => error,
    )
    if (result instanceof Error) expect(result).toMatchObject({ code: 'ERR_TRANSPORT' })
    else {
      opened++
      expect(await code).toBe(1006)
    }
  }
  expect(opened).toBeGreaterThan(0)
  expect(watch.failures).toEqual([])
})
