import { deflateRawSync, constants as zlib } from 'node:zlib'
import type { NodeWebSocket } from '@wigwag/socket'
import { concatBytes, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

/** Longer than one connection may be read for at a time. */
const LONG_MS = 25

const compressed = (text: string): Uint8Array =>
  frameBytes({
    opcode: 1,
    rsv: 4,
    payload: deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4),
    mask: TEST_MASK,
  })

const MESSAGES = Array.from({ length: 6 }, (_, i) => `message ${i}`)

function work(): void {
  const start = performance.now()
  while (performance.now() - start < LONG_MS);
}

describe('a compressed message may cost a thousand times its bytes', () => {
  /** A server and a peer that has sent it `MESSAGES` in one piece, and a Close frame behind them. */
  async function flooded(message: (socket: NodeWebSocket<undefined>, data: string | Uint8Array) => void) {
    const opened = await openServer({ perMessageDeflate: true, message })
    const peer = await RawPeer.connect(opened.port)
    peer.write(upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_no_context_takeover' }))
    await peer.until(() => peer.head !== undefined)
    const close = frameBytes({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8), mask: TEST_MASK })
    peer.write(concatBytes(...MESSAGES.map(compressed), close))
    return { ...opened, peer }
  }

  test('a peer that sends many at once lets others have their turn between them', async () => {
    const turns: number[] = []
    let turn = 0
    const count = (): void => {
      turn++
      if (turns.length < MESSAGES.length) setImmediate(count)
    }
    const { log } = await flooded(() => {
      if (turns.length === 0) setImmediate(count)
      turns.push(turn)
      work()
    })
    await log.next('close')
    expect(log.messages).toEqual(MESSAGES)
    expect(new Set(turns).size).toBe(MESSAGES.length)
  })

  test('all is told in order, and its end behind it', async () => {
    const { log, peer } = await flooded(work)
    peer.socket.end()
    const { outcome } = await log.next('close')
    expect(log.messages).toEqual(MESSAGES)
    expect(outcome).toMatchObject({ code: 1000, clean: true })
  })

  test('pause stands, whoever else has a turn; and resume does not cut the turn of others short', async () => {
    const turn = (): Promise<void> => new Promise(setImmediate)
    const { log } = await flooded((socket) => {
      work()
      socket.pause()
    })
    for (let told = 1; told <= MESSAGES.length; told++) {
      const { socket } = await log.next('message', told)
      for (let i = 0; i < 5; i++) await turn()
      expect(log.messages).toEqual(MESSAGES.slice(0, told))
      socket.resume()
    }
    await log.next('close')
    expect(log.messages).toEqual(MESSAGES)
  })

  test('a connection that is dropped meanwhile tells nothing more', async () => {
    const { log } = await flooded((socket) => {
      work()
      setImmediate(() => socket.terminate())
    })
    await log.next('close')
    for (let i = 0; i < 5; i++) await new Promise(setImmediate)
    expect(log.messages.length).toBeLessThanOrEqual(2)
  })
})
