import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib'
import { type NodeWebSocket, PreparedMessage, type WebSocketServerOptions } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { attachServer, openClient, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

const MIB = 1024 * 1024
const MESSAGES: (string | Uint8Array)[] = [
  '',
  'é€𝄞',
  ...[1, 125, 126, 5000, 65_535, 65_536, 500_000].flatMap((size) => [
    patternText(size, size),
    patternBytes(size, size),
    'the same again and again, '.repeat(size / 25),
  ]),
]

const OFFER = 'permessage-deflate; client_max_window_bits'

/** A server that compresses, with one peer that has offered to. */
async function openCompressed(options: WebSocketServerOptions<undefined> = {}, offer: string = OFFER) {
  const opened = await openServer({ perMessageDeflate: true, ...options })
  const peer = await RawPeer.connect(opened.port)
  peer.write(upgradeRequest({ 'Sec-WebSocket-Extensions': offer }))
  await peer.until(() => peer.head !== undefined)
  return { ...opened, peer, socket: (await opened.log.next('open')).socket }
}

const compressed = (text: string): Uint8Array =>
  deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH, windowBits: 12 }).subarray(0, -4)

describe('RFC 7692 §5 negotiated in the opening handshake', () => {
  test('a server has it off unless told otherwise; a client offers it', async () => {
    const { url, log } = await openServer()
    const { socket } = await openClient(url)
    expect(socket.extensions).toBe('')
    const { socket: own } = await log.next('open')
    expect(own.extensions).toBe('')
  })

  test('both ends say what was negotiated', async () => {
    const { url, log } = await openServer({ perMessageDeflate: { serverMaxWindowBits: 10 } })
    const { socket } = await openClient(url, { perMessageDeflate: { clientNoContextTakeover: true } })
    const expected =
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12'
    expect(socket.extensions).toBe(expected)
    expect((await log.next('open')).socket.extensions).toBe(expected)
  })

  test('a client that does not want it does not offer it', async () => {
    const { url } = await openServer({ perMessageDeflate: true })
    const { socket } = await openClient(url, { perMessageDeflate: false })
    expect(socket.extensions).toBe('')
  })

  test('§7.1 an offer that cannot be accepted is declined, and the connection opens without', async () => {
    const { peer } = await openCompressed({}, 'permessage-deflate; server_max_window_bits=7')
    expect(peer.status).toBe(101)
    expect(peer.header('Sec-WebSocket-Extensions')).toBeUndefined()
  })

  test.each([
    [{ perMessageDeflate: { level: 12 } }, 'perMessageDeflate.level'],
    [{ perMessageDeflate: 1 as unknown as boolean }, 'perMessageDeflate'],
    [{ extensions: [{ name: 'not a token' }] as never }, 'not a token'],
  ])('an option that cannot be is named: %o', async (options, name) => {
    await expect(openServer(options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining(name),
    })
    await expect(openClient('ws://localhost:1', options)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

describe.each([
  ['plain TCP', false],
  ['TLS', true],
])('messages of every size both ways, over %s', (_over, tls) => {
  test.each([
    ['windows of 4 KiB', {}],
    ['no context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ['the smallest windows', { serverMaxWindowBits: 8, clientMaxWindowBits: 8 }],
    ['the largest windows', { serverMaxWindowBits: 15, clientMaxWindowBits: 15 }],
    ['no threshold', { thresholdBytes: 0 }],
  ])('with %s', async (_what, perMessageDeflate) => {
    const echo = (socket: NodeWebSocket<undefined>, data: string | Uint8Array): void => void socket.send(data)
    const { url } = await attachServer({ perMessageDeflate, maxQueuedBytes: 16 * MIB, message: echo }, { tls })
    const { socket, log } = await openClient(url, {
      perMessageDeflate,
      maxQueuedBytes: 16 * MIB,
      tls: { rejectUnauthorized: false },
    })
    expect(socket.extensions).toContain('permessage-deflate')
    for (const message of MESSAGES) socket.send(message)
    await log.next('message', MESSAGES.length)
    expect(log.messages.map(digest)).toEqual(MESSAGES.map(digest))
  })
})

describe('RFC 7692 §6.1 what a server sends', () => {
  test('messages from the threshold on are compressed, and each may be sent otherwise', async () => {
    const { peer, socket } = await openCompressed({ perMessageDeflate: { thresholdBytes: 50 } })
    const text = 'a text that repeats itself, '.repeat(10)
    socket.send(text)
    socket.send('short short short')
    socket.send('short short short', { compress: true })
    socket.send(text, { compress: false })
    socket.send(new PreparedMessage(text))
    socket.send(new PreparedMessage(text, { compress: false }))
    await peer.until(() => peer.messages === 6)
    expect(peer.frames.map(({ rsv }) => rsv)).toEqual([4, 0, 4, 0, 4, 0])
    socket.send(text, { compress: true })
    await peer.until(() => peer.messages === 7)
    expect(peer.frames[6]?.payload.length, 'the window has it already').toBeLessThan(12)
  })

  test('a broadcast reaches peers with compression and without, each in its own way', async () => {
    const { server, peer, port } = await openCompressed()
    const plain = await RawPeer.upgrade(port)
    const text = 'one broadcast for all. '.repeat(20)
    for (let round = 0; round < 3; round++) {
      const message = new PreparedMessage(text)
      for (const socket of server.sockets) socket.send(message)
    }
    await Promise.all([peer, plain].map((one) => one.until(() => one.messages === 3)))
    expect(plain.texts).toEqual([text, text, text])
    expect(peer.frames.map(({ rsv }) => rsv)).toEqual([4, 4, 4])
    let window = Buffer.alloc(0)
    for (const { payload } of peer.frames) {
      const input = Buffer.concat([payload, Buffer.from('0000ffff', 'hex')])
      const options = { finishFlush: zlib.Z_SYNC_FLUSH, ...(window.length > 0 && { dictionary: window }) }
      const message = inflateRawSync(input, options)
      expect(message.toString()).toBe(text)
      window = Buffer.concat([window, message])
    }
  })
})

describe('RFC 7692 §6.2 what a server hears', () => {
  test('fragments of a compressed message with a ping between them, byte by byte', async () => {
    const { peer, log } = await openCompressed()
    const payload = compressed('a compressed message in fragments, a compressed message')
    peer.frame(1, payload.subarray(0, 5), { fin: false, rsv: 4 })
    for (const byte of payload.subarray(5, -1)) {
      peer.frame(9, 'p')
      peer.frame(0, Uint8Array.of(byte), { fin: false })
    }
    peer.frame(0, payload.subarray(-1))
    await log.next('message')
    expect(log.messages).toEqual(['a compressed message in fragments, a compressed message'])
    await peer.until(() => peer.frames.length === payload.length - 6)
  })

  test.each([
    ['RSV1 on a continuation', { opcode: 0, rsv: 4 }, 1002],
    ['RSV1 on a ping', { opcode: 9, rsv: 4 }, 1002],
    ['RSV2', { opcode: 1, rsv: 2 }, 1002],
  ])('%s: %i', async (_what, { opcode, rsv }, code) => {
    const { peer } = await openCompressed()
    if (opcode === 0) peer.frame(1, compressed('x'), { fin: false, rsv: 4 })
    peer.frame(opcode, '', { rsv })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(code)
  })

  test('garbage ends in 1007, for both roles', async () => {
    const { peer, log } = await openCompressed()
    peer.frame(2, Buffer.from('ffffffff', 'hex'), { rsv: 4 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(1007)
    peer.socket.end()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1007, error: { code: 'ERR_MESSAGE_COMPRESSION' } })
  })
})

test('a GiB in a MiB ends in 1009, and memory stays flat', async () => {
  // The same MiB of zeros a thousand times, each behind a full flush: made in no time.
  const piece = deflateRawSync(Buffer.alloc(MIB), { finishFlush: zlib.Z_FULL_FLUSH, level: 9 })
  const bomb = Buffer.concat([...Array.from({ length: 1024 }, () => piece), Buffer.of(0)])
  expect(bomb.length).toBeLessThan(1.1 * MIB)
  const explode = async (): Promise<void> => {
    const { peer, log } = await openCompressed()
    peer.frame(2, bomb, { rsv: 4 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close).toMatchObject({ code: 1009, reason: expect.stringContaining('1048576') })
    expect(log.messages).toEqual([])
  }
  for (let i = 0; i < 3; i++) await explode()
  const before = process.resourceUsage().maxRSS
  for (let i = 0; i < 10; i++) await explode()
  expect(process.resourceUsage().maxRSS - before, 'KiB above the highest before').toBeLessThan(32 * 1024)
})
