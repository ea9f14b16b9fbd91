import { constants, deflateRawSync } from 'node:zlib'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe } from 'vitest'
import { event } from '../support/log.ts'
import { sameAsWs, upgradeRequest } from '../support/scene.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
/** A Close frame's payload without the reason: the core says why it gives up, `ws` does not. */
const withoutReason = (frames: readonly { opcode: number; payload: string }[]): unknown =>
  frames.map(({ opcode, payload }) => [opcode, opcode === 8 ? payload.slice(0, 2) : payload])

const masked = [
  ['RSV1', bytes(0xc1, 0x80, 0, 0, 0, 0)],
  ['RSV2', bytes(0xa1, 0x80, 0, 0, 0, 0)],
  ['RSV3', bytes(0x91, 0x80, 0, 0, 0, 0)],
  ['RSV1 on a ping', bytes(0xc9, 0x80, 0, 0, 0, 0)],
  ['opcode 3', bytes(0x83, 0x80, 0, 0, 0, 0)],
  ['opcode 11', bytes(0x8b, 0x80, 0, 0, 0, 0)],
  ['a continuation of nothing', bytes(0x80, 0x80, 0, 0, 0, 0)],
  ['text inside a message', bytes(0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0)],
  ['bytes inside a message', bytes(0x01, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0)],
  ['a ping in fragments', bytes(0x09, 0x80, 0, 0, 0, 0)],
  ['a ping of 126 bytes', bytes(0x89, 0xfe, 0, 126, 0, 0, 0, 0)],
  ['a Close frame of one byte', bytes(0x88, 0x81, 0, 0, 0, 0, 3)],
  ['close code 1005', bytes(0x88, 0x82, 0, 0, 0, 0, 3, 0xed)],
  ['close code 999', bytes(0x88, 0x82, 0, 0, 0, 0, 3, 0xe7)],
  ['a close reason that is not UTF-8', bytes(0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff)],
  ['text that is not UTF-8', bytes(0x81, 0x81, 0, 0, 0, 0, 0xff)],
  ['no mask', bytes(0x81, 0x00)],
  ['a message above maxPayload', bytes(0x81, 0xfe, 0x10, 0, 0, 0, 0, 0)],
  ['a frame of 2^60 bytes', bytes(0x82, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
] as const

describe('a client that breaks RFC 6455 §5 is told to error, and closed with 1006', () => {
  for (const [name, sent] of masked) {
    sameAsWs(
      name,
      async (scene) => {
        const { peer, socket } = await scene.openRaw({ maxPayload: 1000, maxFragments: 3 } as never)
        const closed = event(socket, 'close')
        peer.socket.write(sent)
        const frames = peer.frames()
        await closed
        scene.log.note('peer', withoutReason(await frames))
      },
      name === 'a frame of 2^60 bytes' ? intendedLength : undefined,
    )
  }

  sameAsWs('more fragments than maxFragments', async (scene) => {
    const { peer, socket } = await scene.openRaw({ maxFragments: 2 } as never)
    const closed = event(socket, 'close')
    for (const opcode of [1, 0, 0]) peer.send({ opcode, fin: false, payload: bytes(65) })
    await closed
    scene.log.note('peer', withoutReason(await peer.frames()))
  })

  sameAsWs('what came before the fault is told', async (scene) => {
    const { peer, socket } = await scene.openRaw()
    const closed = event(socket, 'close')
    peer.socket.write(Buffer.concat([Buffer.from([0x81, 0x81, 0, 0, 0, 0, 65]), Buffer.from([0x83, 0x80, 0, 0, 0, 0])]))
    await closed
  })

  sameAsWs('with skipUTF8Validation text is taken as it is', async (scene) => {
    const { peer, socket } = await scene.openRaw({ skipUTF8Validation: true })
    peer.send({ opcode: 1, payload: bytes(0xff, 0x41) })
    await event(socket, 'message')
  })
})

/** The core has one rule for lengths: what is above the limit is too large, also where it could not be counted. */
function intendedLength(entries: Record<string, unknown[]>): void {
  entries['server'] = [
    ['error', { RangeError: 'Max payload size exceeded', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }, 2],
    ['close', 1006, { Buffer: '' }, 3],
  ]
}

describe('a server that breaks RFC 6455 §5 is told to error, and closed with 1006', () => {
  const faults = [
    ['a mask', frameBytes({ opcode: 1, mask: TEST_MASK, payload: bytes(65) })],
    ['opcode 5', frameBytes({ opcode: 5, payload: bytes() })],
    ['a message above maxPayload', bytes(0x81, 0x7e, 0x10, 0)],
  ] as const
  for (const [name, sent] of faults) {
    sameAsWs(name, async (scene) => {
      const { client, peer } = await scene.openOnRaw({ maxPayload: 1000 })
      await event(client, 'open')
      const closed = event(client, 'close')
      peer.socket.write(sent)
      await closed
      scene.log.note('peer', withoutReason(await peer.frames()))
    })
  }
})

describe('what comes with the head of the handshake', () => {
  sameAsWs('is told behind open', async (scene) => {
    const { client } = await scene.openOnRaw(
      {},
      '',
      Buffer.concat(['first', 'second'].map((text) => frameBytes({ opcode: 1, payload: Buffer.from(text) }))),
    )
    await event(client, 'message')
    await new Promise(setImmediate)
  })

  sameAsWs('is told behind connection', async (scene) => {
    const { server, url } = await scene.serve()
    const peer = await scene.dial(url)
    const told = new Promise((resolve) => {
      server.on('connection', (socket) => {
        scene.log.note('server', 'connection')
        scene.log.watch('server', socket).once('message', resolve)
      })
    })
    peer.socket.write(
      Buffer.concat([
        Buffer.from(upgradeRequest()),
        frameBytes({ opcode: 1, mask: TEST_MASK, payload: Buffer.from('early') }),
      ]),
    )
    await told
  })
})

describe('permessage-deflate (RFC 7692)', () => {
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

  sameAsWs('a small message that inflates to more than maxPayload', async (scene) => {
    const { peer, socket } = await scene.openRaw({ perMessageDeflate: true, maxPayload: 1000 }, offer)
    const closed = event(socket, 'close')
    peer.send({
      opcode: 2,
      rsv: 4,
      payload: deflateRawSync(Buffer.alloc(100_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4),
    })
    await closed
    scene.log.note('peer', withoutReason(await peer.frames()))
  })

  sameAsWs('a message that is not DEFLATE: the codes are the same, the text our own', async (scene) => {
    const { peer, socket } = await scene.openRaw({ perMessageDeflate: true }, offer)
    socket.removeAllListeners('error')
    socket.on('error', (error) =>
      scene.log.note('server', (error as NodeJS.ErrnoException).code, (error as NodeJS.ErrnoException).errno),
    )
    const closed = event(socket, 'close')
    peer.send({ opcode: 1, rsv: 4, payload: bytes(0xff, 0xff, 0xff, 0xff) })
    await closed
    scene.log.note('peer', withoutReason(await peer.frames()))
  })
})

describe('a flood of pings', () => {
  sameAsWs('that come at once ends the connection above maxPendingAutoPongs', async (scene) => {
    const { peer, socket } = await scene.openRaw({ maxPendingAutoPongs: 5 } as never)
    const closed = event(socket, 'close')
    const ping = frameBytes({ opcode: 9, mask: TEST_MASK, payload: bytes(1) })
    peer.socket.write(Buffer.concat(Array.from({ length: 6 }, () => ping)))
    await closed
  })

  sameAsWs('has no other limit', async (scene) => {
    const { client, socket } = await scene.open({ maxPendingAutoPongs: 0 } as never)
    for (let i = 0; i < 1000; i++) client.ping(String(i))
    const closed = Promise.all([event(client, 'close'), event(socket, 'close')])
    client.close()
    await closed
  })
})

describe('the limit of one socket, set by hand where ws has it', () => {
  for (const perMessageDeflate of [false, true]) {
    sameAsWs(`when it has said who it is${perMessageDeflate ? ', compressed' : ''}`, async (scene) => {
      const { server, url } = await scene.serve({
        maxPayload: 20,
        perMessageDeflate: perMessageDeflate && { threshold: 0 },
      })
      let connections = 0
      server.on('connection', (socket) => {
        const { _receiver } = socket as unknown as { readonly _receiver: { _maxPayload: number } }
        // Of two sockets that share their options, one.
        if (connections++ === 0) _receiver._maxPayload = 10
        scene.log.note('limit', _receiver._maxPayload)
        scene.log.watch('server', socket).on('message', () => socket.close(4000))
      })
      for (let n = 0; n < 2; n++) {
        const client = new scene.face(url)
        client.on('open', () => client.send('x'.repeat(11)))
        scene.log.note('client', (await event(client, 'close'))[0])
      }
    })
  }

  sameAsWs('where text is taken unchecked', async (scene) => {
    const { client, socket } = await scene.open()
    const { _receiver } = socket as unknown as { readonly _receiver: { _skipUTF8Validation: boolean } }
    scene.log.note('server', _receiver._skipUTF8Validation)
    _receiver._skipUTF8Validation = true
    const heard = event(socket, 'message')
    client.send(Buffer.from([0xff, 0x61]), { binary: false })
    await heard
  })

  sameAsWs('there is none before the handshake', async (scene) => {
    const client = new scene.face('ws://127.0.0.1:1')
    client.on('error', () => {})
    scene.log.note('client', (client as unknown as { readonly _receiver: unknown })._receiver)
    await event(client, 'close')
  })
})
