import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { inflateMessage } from '@wigwag/socket/core'
import { nodeDeflate } from '@wigwag/socket/driver'
import { JsonRing } from '../../generator/json-ring.ts'
import { assertSame, type Contender, type MicroCase } from '../micro-case.ts'
import type { PeerModules, WsDeflate } from '../peer-modules.ts'
import { sizeName } from './payloads.ts'

const WINDOW_BITS = 12
const SETTINGS = { windowBits: WINDOW_BITS, level: 6, memLevel: 4 }
const MOST_BYTES = 1 << 24
const MESSAGE = 7
const NOTHING = Buffer.alloc(0)
/** What a sync flush ends with, and the wire leaves out (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** JSON compressed and decompressed: each message on its own, and with what came before it as the window. */
export function compressionCases(peers: PeerModules): MicroCase[] {
  return [128, 1024, 16 * 1024].flatMap((size) => {
    const ring = new JsonRing(size)
    const message = ring.message(MESSAGE)
    const window = ring.before(MESSAGE, 1 << WINDOW_BITS)
    const [alone, known] = [NOTHING, window].map((dictionary) => compress(message, dictionary)) as [Buffer, Buffer]
    return [
      {
        name: `deflate ${sizeName(size)}`,
        about: 'JSON compressed on its own, level 6, window of 4 KiB; ws with its streams and callbacks',
        operations: 1,
        contenders: [
          deflater('wigwag', message, NOTHING, () => nodeDeflate.deflate(message, NOTHING, SETTINGS)),
          wsDeflater(message, peers),
          deflater('naive (deflateRawSync)', message, NOTHING, () => deflateRawSync(message, { finishFlush: 2 })),
        ],
      },
      {
        name: `deflate ${sizeName(size)} with context`,
        about: 'the same behind 4 KiB of messages that it may refer to',
        operations: 1,
        contenders: [deflater('wigwag', message, window, () => nodeDeflate.deflate(message, window, SETTINGS))],
      },
      {
        name: `inflate ${sizeName(size)}`,
        about: 'the same, decompressed',
        operations: 1,
        contenders: [
          inflater('wigwag', message, () => inflate(alone, NOTHING)),
          wsInflater(message, alone, peers),
          inflater('naive (inflateRawSync)', message, () =>
            inflateRawSync(Buffer.concat([alone, TAIL]), { finishFlush: 2 }),
          ),
        ],
      },
      {
        name: `inflate ${sizeName(size)} with context`,
        about: 'behind those 4 KiB',
        operations: 1,
        contenders: [inflater('wigwag', message, () => inflate(known, window))],
      },
    ]
  })
}

/** As it is on the wire. */
function compress(message: Uint8Array, dictionary: Uint8Array): Buffer {
  return Buffer.from(nodeDeflate.deflate(message, dictionary, SETTINGS)).subarray(0, -TAIL.length)
}

function inflate(payload: Uint8Array, window: Uint8Array): Uint8Array {
  const inflated = inflateMessage(
    nodeDeflate,
    payload,
    window,
    { windowBits: WINDOW_BITS, maxFinalBlocks: 1 },
    MOST_BYTES,
  )
  if (inflated instanceof Error) throw inflated
  return inflated
}

function contender(name: string, work: () => Uint8Array, check: (result: Uint8Array) => void): Contender {
  return {
    name,
    run(times) {
      let bytes = 0
      for (let i = 0; i < times; i++) bytes += work().length
      return bytes
    },
    check: () => check(work()),
  }
}

function deflater(name: string, message: Buffer, dictionary: Buffer, deflate: () => Uint8Array): Contender {
  const options = { finishFlush: 2, ...(dictionary.length === 0 ? {} : { dictionary }) }
  return contender(name, deflate, (result) => assertSame(name, inflateRawSync(result, options), message))
}

function inflater(name: string, message: Buffer, work: () => Uint8Array): Contender {
  return contender(name, work, (result) => assertSame(name, result, message))
}

type WsWork = 'compress' | 'decompress'

/** An agreement without context takeover, which is what messages on their own are. */
function openWs({ PerMessageDeflate }: PeerModules): WsDeflate {
  const alone = { server_no_context_takeover: [true], client_no_context_takeover: [true] }
  const deflate = new PerMessageDeflate({ isServer: true, threshold: 0 })
  deflate.accept([alone])
  return deflate
}

function wsContender(work: WsWork, input: Buffer, peers: PeerModules, check: (result: Buffer) => void): Contender {
  const deflate = openWs(peers)
  const once = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      deflate[work](input, true, (error, data) => (error === null ? resolve(data) : reject(error)))
    })
  return {
    name: 'ws',
    async run(times) {
      let bytes = 0
      for (let i = 0; i < times; i++) bytes += (await once()).length
      return bytes
    },
    check: async () => check(await once()),
  }
}

function wsDeflater(message: Buffer, peers: PeerModules): Contender {
  return wsContender('compress', message, peers, (result) => {
    assertSame('ws', inflateRawSync(Buffer.concat([result, TAIL]), { finishFlush: 2 }), message)
  })
}

function wsInflater(message: Buffer, payload: Buffer, peers: PeerModules): Contender {
  return wsContender('decompress', payload, peers, (result) => assertSame('ws', result, message))
}
