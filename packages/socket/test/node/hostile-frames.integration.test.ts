import { connectWebSocket, type NodeWebSocket } from '@wigwag/socket'
import type { Role } from '@wigwag/socket/core'
import { type FrameSpec, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { openClient, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'
import { accepted, drip, openRaw } from './support/raw-server.ts'

// As in CVE-2026-1528, CVE-2026-43678, CVE-2020-13935 and CVE-2026-54466: lengths that overflow whoever adds them up.
const HOSTILE: readonly [what: string, frame: Omit<FrameSpec, 'mask'>, code: number][] = [
  ['a length with its top bit set', { opcode: 2, lengthForm: 64, claimedLength: 2n ** 63n }, 1002],
  ['a length of all bits', { opcode: 2, lengthForm: 64, claimedLength: 2n ** 64n - 1n }, 1002],
  ['a small length with its top bit set', { opcode: 1, lengthForm: 64, claimedLength: 2n ** 63n + 5n }, 1002],
  ['the largest length', { opcode: 2, lengthForm: 64, claimedLength: 2n ** 63n - 1n }, 1009],
  ['a length above what a number holds', { opcode: 2, lengthForm: 64, claimedLength: 2n ** 53n + 1n }, 1009],
  ['a length whose low half is small', { opcode: 1, lengthForm: 64, claimedLength: 2n ** 32n + 5n }, 1009],
  ['a length whose low half is negative', { opcode: 1, lengthForm: 64, claimedLength: 2n ** 31n }, 1009],
  ['a ping with a 64-bit length', { opcode: 9, lengthForm: 64, claimedLength: 2n ** 63n }, 1002],
  ['a longer form than needed', { opcode: 1, lengthForm: 64, claimedLength: 1n, payload: 'x' }, 1002],
  ['RSV1 where no compression was agreed', { opcode: 1, rsv: 4, payload: 'x' }, 1002],
  ['a close of one byte', { opcode: 8, payload: 'x' }, 1002],
  ['a close reason that is no UTF-8', { opcode: 8, payload: Uint8Array.of(3, 232, 255) }, 1007],
]

describe.each(['whole', 'byte by byte'] as const)('a hostile frame, sent %s, costs its own connection only', (how) => {
  test.each(HOSTILE)('%s, at a server', async (_what, frame, code) => {
    const { port, log } = await openServer({ message: (socket, data) => void socket.send(data) })
    const bystander = await RawPeer.upgrade(port)
    const peer = await RawPeer.upgrade(port)
    drip(peer.socket, frameBytes({ ...frame, mask: TEST_MASK }), how === 'whole' ? 1000 : 1)
    await peer.until(() => peer.closed)
    expect(peer.close?.code).toBe(code)
    expect((await log.next('close')).outcome).toMatchObject({ code, clean: false })
    expect(log.messages).toEqual([])
    bystander.frame(1, 'still here')
    await bystander.until(() => bystander.messages === 1)
  })

  test.each(HOSTILE)('%s, at a client', async (_what, frame, code) => {
    const url = await openRaw((socket, _head, key) => {
      socket.write(accepted(key))
      drip(socket, frameBytes(frame), how === 'whole' ? 1000 : 1)
    })
    const { log } = await openClient(url, { closeTimeoutMs: 500 })
    expect((await log.next('close')).outcome).toMatchObject({ code, clean: false })
    expect(log.messages).toEqual([])
  })
})

// As in CVE-2026-2229 and CVE-2026-1526: nothing was offered, so nothing that a server claims reaches a decompressor.
test.each([
  'permessage-deflate',
  'permessage-deflate; server_max_window_bits=99',
  'permessage-deflate; server_max_window_bits="8"; client_max_window_bits=0',
  'constructor',
  '__proto__; __proto__=1',
  'a; b="unclosed',
])('a 101 with Sec-WebSocket-Extensions: %s is refused by a client that offered none', async (extensions) => {
  const url = await openRaw((socket, _head, key) => {
    socket.write(accepted(key, `Sec-WebSocket-Extensions: ${extensions}\r\n`))
    socket.write(frameBytes({ opcode: 1, rsv: 4, payload: new Uint8Array(100) }))
  })
  await expect(connectWebSocket(url, { perMessageDeflate: false })).rejects.toMatchObject({
    code: 'ERR_HANDSHAKE_RESPONSE',
  })
})

// As in npm's ws advisory of 2017-11: names that every object has.
test.each([
  ['Sec-WebSocket-Extensions', 'constructor'],
  ['Sec-WebSocket-Extensions', '__proto__; toString=valueOf, hasOwnProperty; constructor'],
  ['Sec-WebSocket-Extensions', 'permessage-deflate; server_max_window_bits=99; client_max_window_bits=0'],
  ['Sec-WebSocket-Protocol', 'constructor, __proto__, toString'],
  ['constructor', 'x'],
  ['__proto__', 'x'],
])('a server that is asked with %s: %s agrees to none of it and goes on', async (name, value) => {
  const { port, log } = await openServer({ subprotocols: ['chat'] })
  const peer = await RawPeer.connect(port)
  peer.write(upgradeRequest({ [name]: value }))
  await peer.until(() => peer.head !== undefined)
  expect(peer.head).toMatch(/^HTTP\/1\.1 101 /)
  expect(peer.header('sec-websocket-extensions')).toBeUndefined()
  expect(peer.header('sec-websocket-protocol')).toBeUndefined()
  peer.frame(1, 'hello')
  await log.next('message')
  expect((await log.next('open')).socket.protocol).toBe('')
})

/** A socket of ours, and the other end of its wire. */
async function openEnds(role: Role): Promise<{ readonly socket: NodeWebSocket<undefined>; readonly peer: RawPeer }> {
  if (role === 'server') {
    const { port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    return { peer, socket: (await log.next('open')).socket }
  }
  const peers: RawPeer[] = []
  const url = await openRaw((socket, head, key) => {
    const peer = new RawPeer(socket)
    peer.head = head
    peers.push(peer)
    socket.write(accepted(key))
  })
  const { socket } = await openClient(url)
  return { socket, peer: peers[0] as RawPeer }
}

// As in npm's ws advisory of 2016-01 and CVE-2026-45736: arguments whose length is taken for that of initialised memory.
test.each(['server', 'client'] as const)('nothing that is no text or bytes leaves a %s', async (role) => {
  const { socket, peer } = await openEnds(role)
  for (const wrong of [1000, { length: 1000 }, new Uint16Array(8), new ArrayBuffer(8), [1, 2]] as never[]) {
    for (const act of ['send', 'ping', 'pong'] as const) expect(() => socket[act](wrong), act).toThrow()
  }
  for (const reason of [new Float32Array(20), new Uint8Array(20), 100, { length: 100 }] as never[]) {
    expect(() => socket.close(1000, reason)).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_REASON' }))
  }
  socket.close(1000, 'text')
  await peer.until(() => peer.frames.length > 0)
  expect(peer.frames.map(({ opcode }) => opcode)).toEqual([8])
  expect(peer.close).toEqual({ code: 1000, reason: 'text' })
})
