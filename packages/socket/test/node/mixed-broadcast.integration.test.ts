import { once } from 'node:events'
import { PreparedMessage } from '@wigwag/socket'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ClientOptions, WebSocket as Ws } from 'ws'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { openServer } from './support/open-server.ts'

/** Stateful zlib at the other end, with every kind of window beside each other, and none. */
const PEERS: Record<string, ClientOptions['perMessageDeflate']> = {
  plain: false,
  'windows of 4 KiB': {},
  'windows of 256 bytes': { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
  'windows of 512 bytes': { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  'no takeover by the server': { serverNoContextTakeover: true },
  'no takeover': { serverNoContextTakeover: true, clientNoContextTakeover: true },
}

const TURNS = 40

/** Small and large, alike and not, in turns that recycle the arena between them. */
const messagesOf = (turn: number): (string | Uint8Array)[] => [
  JSON.stringify({ turn, symbol: 'ABC', exchange: 'the one with windows of every size'.repeat(3) }),
  '',
  patternText(turn * 97, turn),
  patternBytes(turn * 1013, turn),
  'the same again and again, '.repeat(turn % 7 === 0 ? 4000 : 9),
]

describe('one message for sockets with every kind of window, and with none', () => {
  test.each([
    ['from the threshold on', {}],
    ['all of them', { compress: true }],
    ['every other one', undefined],
  ] as const)('compressed %s, and sent again when the arena has been recycled', async (_what, options) => {
    const { server, url, log } = await openServer({ perMessageDeflate: { serverMaxWindowBits: 12 } })
    const received = await Promise.all(
      Object.values(PEERS).map(async (perMessageDeflate) => {
        const ws = new Ws(url, { perMessageDeflate })
        onTestFinished(() => ws.terminate())
        const texts: string[] = []
        ws.on('message', (data: Buffer, binary) => texts.push(digest(binary ? new Uint8Array(data) : data.toString())))
        await once(ws, 'open')
        return { ws, texts }
      }),
    )
    await log.next('open', received.length)
    const expected: string[] = []
    const again = new PreparedMessage('once prepared, sent in every turn, '.repeat(8))
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [index, data] of messagesOf(turn).entries()) {
        const message = new PreparedMessage(data, options ?? { compress: index % 2 === 0 })
        for (const socket of server.sockets) expect(['ok', 'queued']).toContain(socket.send(message))
        expected.push(digest(data))
      }
      for (const socket of server.sockets) socket.send(again)
      expected.push(digest(again.data))
      await new Promise(setImmediate)
    }
    for (const socket of server.sockets) socket.close(1000)
    await Promise.all(received.map(({ ws }) => ws.readyState === Ws.CLOSED || once(ws, 'close')))
    for (const [index, { texts }] of received.entries()) {
      expect(texts, Object.keys(PEERS)[index]).toEqual(expected)
    }
  })
})
