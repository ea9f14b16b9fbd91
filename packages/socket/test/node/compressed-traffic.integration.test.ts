import { once } from 'node:events'
import { PreparedMessage } from '@wigwag/socket'
import { expect, onTestFinished, test } from 'vitest'
import { type ClientOptions, WebSocket as Ws } from 'ws'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { openServer } from './support/open-server.ts'

/** Stateful zlib at the other end. */
const PEERS: ClientOptions['perMessageDeflate'][] = [
  {},
  {},
  {},
  false,
  { serverMaxWindowBits: 9 },
  { serverNoContextTakeover: true },
]

/** Small numbers that repeat from run to run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test.each([1, 2, 3])(
  'readers that stop and go, dropped messages and their own beside those for all: who inflates a stream gets what was accepted (seed %i)',
  async (seed) => {
    const random = seeded(seed)
    const { server, url, log } = await openServer({
      perMessageDeflate: { thresholdBytes: 64 },
      slowReader: 'drop',
      maxQueuedBytes: 300_000,
      highWaterMarkBytes: 32_000,
    })
    const peers: { readonly ws: Ws; readonly received: string[] }[] = []
    for (const perMessageDeflate of PEERS) {
      const ws = new Ws(url, { perMessageDeflate })
      onTestFinished(() => ws.terminate())
      const received: string[] = []
      ws.on('message', (data: Buffer, binary) => {
        received.push(digest(binary ? new Uint8Array(data) : data.toString()))
      })
      await once(ws, 'open')
      peers.push({ ws, received })
    }
    await log.next('open', peers.length)
    const sockets = [...server.sockets]
    const expected = sockets.map((): string[] => [])
    let dropped = 0
    const send = (to: number, data: string | Uint8Array | PreparedMessage): void => {
      const compress = [undefined, undefined, undefined, true, false][random(5)]
      const status = sockets[to]?.send(data, compress === undefined ? undefined : { compress })
      expect(status).not.toBe('closed')
      if (status === 'dropped') dropped++
      else expected[to]?.push(digest(data instanceof PreparedMessage ? data.data : data))
    }
    const make = (): string | Uint8Array => {
      const salt = random(1000)
      const json = JSON.stringify({ salt, type: 'updated', user: `amber.${salt}`, at: '2026-11-20T10:10' })
      const size = [0, 10, 200, 5000, 20_000, 60_000][random(6)] as number
      return [json, json, json.repeat(random(40)), patternText(size, salt), patternBytes(size, salt)][
        random(5)
      ] as string
    }
    const kept = [make(), make(), make()].map((data) => new PreparedMessage(data))
    /** Until something is refused. */
    const flood = async (to: number): Promise<void> => {
      peers[to]?.ws.pause()
      const before = dropped
      for (let i = 0; dropped === before; i++) {
        send(to, patternBytes(60_000, i))
        if (i % 4 === 0) await new Promise(setImmediate)
      }
    }
    for (let round = 0; round < 150; round++) {
      for (let i = random(8); i >= 0; i--) {
        const data = make()
        const message = [data, new PreparedMessage(data), kept[random(3)] as PreparedMessage][random(3)] as string
        const kind = random(4)
        if (kind === 0) send(random(sockets.length), message)
        else for (const to of sockets.keys()) if (kind > 1 || random(2) === 0) send(to, message)
      }
      const at = random(3)
      const ws = peers[at]?.ws
      if (random(4) > 0) ws?.pause()
      else ws?.resume()
      if (round % 50 === 20) await flood(at)
      if (random(3) > 0) await new Promise(setImmediate)
    }
    for (const { ws } of peers) ws.resume()
    for (const socket of sockets) socket.close(1000)
    await Promise.all(peers.map(({ ws }) => ws.readyState === Ws.CLOSED || once(ws, 'close')))
    for (const [to, { received }] of peers.entries()) expect(received, `peer ${to}`).toEqual(expected[to])
    expect(dropped, 'some were slow').toBeGreaterThan(2)
  },
)
