import { fileURLToPath } from 'node:url'
import {
  brotliCompressSync,
  brotliDecompressSync,
  crc32,
  deflateRawSync,
  inflateRawSync,
  constants as zlib,
} from 'node:zlib'
import type { WebSocketServerOptions } from '@wigwag/socket'
import { ChildProgram } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { openClient, openServer } from '../../packages/socket/test/node/support/open-server.ts'
import { RawPeer, upgradeRequest } from '../../packages/socket/test/node/support/raw-peer.ts'
import { BrotliExtension } from '../brotli-extension.mjs'
import { ChecksumExtension } from '../checksum-extension.mjs'

const [RSV1, RSV2] = [4, 2]
const BROTLI = 'x-permessage-brotli; quality=5'
const DEFLATE = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
const TEXT = 'a text that repeats itself, and that is long enough. '.repeat(10)
const MIB = 1024 * 1024

const all = (): WebSocketServerOptions<undefined> => ({
  extensions: [new ChecksumExtension(), new BrotliExtension()],
  perMessageDeflate: { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
})

/** A server that speaks some extensions, and a peer by hand that offered some. */
async function open(offer: string | undefined, options: WebSocketServerOptions<undefined> = all()) {
  const opened = await openServer({ ...options, message: (socket, data) => void socket.send(data) })
  const peer = await RawPeer.connect(opened.port)
  peer.write(upgradeRequest({ 'Sec-WebSocket-Extensions': offer }))
  await peer.until(() => peer.head !== undefined)
  expect(peer.status).toBe(101)
  return { ...opened, peer, answer: peer.header('Sec-WebSocket-Extensions') }
}

function withChecksum(payload: Uint8Array): Buffer {
  const marked = Buffer.alloc(payload.length + 4)
  marked.set(payload)
  marked.writeUInt32BE(crc32(payload), payload.length)
  return marked
}

const deflate = (payload: Uint8Array): Buffer =>
  deflateRawSync(payload, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4)
const inflate = (payload: Uint8Array): Buffer =>
  inflateRawSync(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]), { finishFlush: zlib.Z_SYNC_FLUSH })

describe('RFC 6455 §9.1 extensions that change messages are negotiated beside each other', () => {
  test.each<[offer: string | undefined, answer: string | undefined]>([
    [undefined, undefined],
    ['x-unknown', undefined],
    [`x-checksum, ${DEFLATE}`, `x-checksum, ${DEFLATE}`],
    [`${DEFLATE}, x-checksum`, `${DEFLATE}, x-checksum`],
    [`${BROTLI}, x-checksum`, `${BROTLI}, x-checksum`],
    // Both need RSV1: the client's first is in use, and never both.
    [`${BROTLI}, x-checksum, ${DEFLATE}`, `${BROTLI}, x-checksum`],
    [`${DEFLATE}, ${BROTLI}`, DEFLATE],
    // What cannot be accepted makes room for what is wanted less.
    [`x-permessage-brotli; quality=12, ${DEFLATE}`, DEFLATE],
    ['x-permessage-brotli; level=1, x-permessage-brotli; quality=3', 'x-permessage-brotli; quality=3'],
    ['x-permessage-brotli; quality=11', BROTLI],
    ['x-permessage-brotli', BROTLI],
    ['x-permessage-brotli; quality=1; quality=1', undefined],
    ['x-checksum; crc64', undefined],
  ])('to %j: %j', async (offer, expected) => {
    expect((await open(offer)).answer).toBe(expected)
  })

  test.each<[string, string, Parameters<typeof openClient>[1]]>([
    ['our client offers what it was given, and then permessage-deflate', 'x-checksum, permessage-deflate', {}],
    ['and takes what the server speaks', '', { perMessageDeflate: false, extensions: [new BrotliExtension()] }],
  ])('%s', async (_what, expected, wanted) => {
    const { url } = await openServer({ extensions: [new ChecksumExtension()], perMessageDeflate: true })
    const { socket } = await openClient(url, {
      extensions: [new ChecksumExtension(), new BrotliExtension()],
      ...wanted,
    })
    expect(socket.extensions.replace(/; server.*/, '')).toBe(expected)
  })
})

describe('RFC 6455 §5.2 the reserved bits say what was done to a message', () => {
  test('none with a client that offered nothing', async () => {
    const { peer } = await open(undefined)
    peer.frame(1, TEXT)
    await peer.until(() => peer.messages === 1)
    expect(peer.frames[0]).toMatchObject({ rsv: 0, payload: Buffer.from(TEXT) })
  })

  test('RSV1 and RSV2 with both: the checksum first, then compression, in the order of the answer', async () => {
    const { peer } = await open(`x-checksum, ${DEFLATE}`)
    peer.frame(1, deflate(withChecksum(Buffer.from(TEXT))), { rsv: RSV1 | RSV2 })
    await peer.until(() => peer.messages === 1)
    expect(peer.frames[0]?.rsv).toBe(RSV1 | RSV2)
    expect(inflate(peer.frames[0]?.payload as Buffer)).toEqual(withChecksum(Buffer.from(TEXT)))
  })

  test('the other way round where the client offered them so', async () => {
    const { peer } = await open(`${DEFLATE}, x-checksum`)
    peer.frame(1, withChecksum(deflate(Buffer.from(TEXT))), { rsv: RSV1 | RSV2 })
    await peer.until(() => peer.messages === 1)
    expect(peer.frames[0]?.rsv).toBe(RSV1 | RSV2)
    const { payload } = peer.frames[0] ?? expect.unreachable()
    expect(payload).toEqual(withChecksum(payload.subarray(0, -4)))
    expect(inflate(payload.subarray(0, -4)).toString()).toBe(TEXT)
  })

  test('Brotli beside the checksum, in fragments with a ping between them', async () => {
    const { peer } = await open(`${BROTLI}, x-checksum`)
    const payload = withChecksum(brotliCompressSync(TEXT))
    peer.frame(1, payload.subarray(0, 7), { fin: false, rsv: RSV1 | RSV2 })
    peer.frame(9, 'between')
    peer.frame(0, payload.subarray(7))
    await peer.until(() => peer.messages === 1)
    expect(peer.frames.map(({ opcode, rsv }) => [opcode, rsv])).toEqual([
      [10, 0],
      [1, RSV1 | RSV2],
    ])
    expect(brotliDecompressSync(peer.frames[1]?.payload.subarray(0, -4) ?? '').toString()).toBe(TEXT)
  })

  test('RSV2 alone for a message that is too small to be compressed', async () => {
    const { peer } = await open(`${BROTLI}, x-checksum`)
    peer.frame(1, withChecksum(Buffer.from('small')), { rsv: RSV2 })
    await peer.until(() => peer.messages === 1)
    expect(peer.frames[0]).toMatchObject({ rsv: RSV2, payload: withChecksum(Buffer.from('small')) })
  })

  test('RSV1 without anything that gives it a meaning: 1002', async () => {
    const { peer } = await open('x-checksum')
    peer.frame(1, 'x', { rsv: RSV1 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(1002)
  })
})

describe('what goes wrong costs its own connection', () => {
  test.each([
    ['a damaged message', Buffer.concat([withChecksum(Buffer.from('hello')).fill('j', 0, 1)])],
    ['one without room for a checksum', Buffer.from('abc')],
  ])('%s: 1007', async (_what, payload) => {
    const { peer, log } = await open('x-checksum')
    peer.frame(1, payload, { rsv: RSV2 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close).toMatchObject({ code: 1007, reason: expect.stringContaining('damaged') })
    peer.socket.end()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1007, error: { code: 'ERR_EXTENSION' } })
    expect(log.messages).toEqual([])
  })

  test.each([
    ['no Brotli', Buffer.from('ffffffffff', 'hex')],
    ['a Brotli stream cut short', brotliCompressSync(TEXT).subarray(0, -3)],
  ])('%s: 1007', async (_what, payload) => {
    const { peer } = await open(BROTLI)
    peer.frame(2, payload, { rsv: RSV1 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(1007)
  })

  test.each([BROTLI, `x-checksum, ${BROTLI}`])('64 MiB in less than a KiB end in 1009, with %s', async (offer) => {
    const bomb = brotliCompressSync(Buffer.alloc(64 * MIB), { params: { [zlib.BROTLI_PARAM_QUALITY]: 5 } })
    expect(bomb.length).toBeLessThan(1024)
    const { peer, log } = await open(offer)
    const before = process.resourceUsage().maxRSS
    peer.frame(2, bomb, { rsv: RSV1 })
    await peer.until(() => peer.close !== undefined)
    expect(peer.close).toMatchObject({ code: 1009, reason: expect.stringContaining('1048576 bytes') })
    expect(log.messages).toEqual([])
    expect(process.resourceUsage().maxRSS - before, 'KiB').toBeLessThan(32 * 1024)
  })
})

test('the program says what was negotiated, and what it saves', async () => {
  const path = fileURLToPath(new URL('../extensions.mjs', import.meta.url))
  const { code, stdout } = await new ChildProgram(process.execPath, [path], { PORT: '0' }).exit
  expect(code).toBe(0)
  const lines = [...stdout.matchAll(/in use: (.+)\n {2}200 quotes: (\d+) bytes; one page: (\d+) bytes/g)]
  expect(lines.map(([, header]) => header?.replace(/; server_max.*/, ''))).toEqual([
    '(nothing)',
    'permessage-deflate',
    'x-permessage-brotli; quality=5',
    'x-checksum, permessage-deflate',
    'x-checksum, x-permessage-brotli; quality=5',
  ])
  const [plain, deflated, brotli] = lines.map(([, , quotes, page]) => [Number(quotes), Number(page)])
  expect(deflated?.[0], 'small messages need what came before').toBeLessThan((plain?.[0] as number) / 5)
  expect(brotli?.[1], 'a large one is where Brotli is better').toBeLessThan(deflated?.[1] as number)
})
