import type { CompressionOptions, ConformanceCase, SubjectOptions } from '../judge/conformance-case.ts'
import {
  BOTH,
  echo,
  echoCompressed,
  fail,
  type JudgeFrame,
  negotiate,
  pong,
  type Step,
  send,
  sendIn,
} from '../judge/step.ts'
import { deflated } from './deflated.ts'
import { fragments } from './fragmentation.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

/** What both ends agree on. */
const TAKEOVER = negotiate(
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
)
const NO_TAKEOVER = negotiate(
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
)
const windows = (bits: number): Step =>
  negotiate(
    `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
    `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
  )

function of(
  section: string,
  title: string,
  exchanges: readonly (readonly Step[])[],
  options: SubjectOptions = {},
): ConformanceCase {
  const compression: CompressionOptions = { thresholdBytes: 0, ...options.compression }
  return {
    section: `RFC 7692 ${section}`,
    title,
    roles: BOTH,
    fromTheStart: true,
    options: { ...options, compression },
    exchanges,
  }
}

/** A message whole in one frame with RSV1. */
function whole(opcode: 1 | 2, payload: Uint8Array): JudgeFrame {
  return { opcode, rsv: 4, payload }
}

/** A compressed message in fragments: RSV1 stands on the first (§6.1). */
function inFragments(opcode: 1 | 2, payloads: readonly Uint8Array[]): JudgeFrame[] {
  return fragments(opcode, payloads).map((frame, i) => (i === 0 ? { ...frame, rsv: 4 } : frame))
}

const HELLO = bytes('f2 48 cd c9 c9 07 00')
const LONG = Array.from({ length: 300 }, (_, i) =>
  JSON.stringify({ number: i, name: `item ${i % 7}`, on: i % 3 === 0 }),
).join('\n')

const messages: readonly ConformanceCase[] = [
  of('§7.2.3', 'the examples of the RFC are "Hello": one block, shared window, stored, final, two blocks', [
    [NO_TAKEOVER, send(whole(1, HELLO)), echo('Hello')],
    [TAKEOVER, send(whole(1, HELLO)), echo('Hello'), send(whole(1, bytes('f2 00 11 00 00'))), echo('Hello')],
    [NO_TAKEOVER, send(whole(1, bytes('00 05 00 fa ff 48 65 6c 6c 6f 00'))), echo('Hello')],
    [NO_TAKEOVER, send(whole(1, bytes('f3 48 cd c9 c9 07 00 00'))), echo('Hello')],
    [NO_TAKEOVER, send(whole(1, bytes('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))), echo('Hello')],
  ]),
  of('§7.2.3', 'the examples of the RFC in fragments, cut in chunks at every place', [
    ...[TAKEOVER, NO_TAKEOVER].flatMap((agreed) =>
      Array.from({ length: HELLO.length + 1 }, (_, at) => [
        agreed,
        sendIn('apart', ...inFragments(1, [HELLO.subarray(0, at), HELLO.subarray(at)])),
        echo('Hello'),
      ]),
    ),
    [NO_TAKEOVER, sendIn('bytewise', whole(1, HELLO)), echo('Hello')],
    [
      NO_TAKEOVER,
      send(
        ...inFragments(
          1,
          [...HELLO].map((byte) => Uint8Array.of(byte)),
        ),
      ),
      echo('Hello'),
    ],
  ]),
  of('§7.2.3.6', 'an empty message is one zero byte', [
    [NO_TAKEOVER, send(whole(1, bytes('00'))), echo('')],
    [TAKEOVER, send(whole(2, bytes('00'))), echo(new Uint8Array(0))],
    [TAKEOVER, send(whole(1, bytes('00')), whole(1, deflated('after'))), echo(''), echo('after')],
  ]),
  of('§6.1', 'messages of either type are inflated, and echoed compressed', [
    ...[TAKEOVER, NO_TAKEOVER].flatMap((agreed) => [
      [agreed, send(whole(1, deflated(LONG))), echoCompressed(LONG)],
      [agreed, send(whole(2, deflated(LONG))), echoCompressed(new Uint8Array(Buffer.from(LONG)))],
      [agreed, sendIn([1000, 7, 500], whole(1, deflated(LONG))), echoCompressed(LONG)],
    ]),
  ]),
  of('§6.1', 'messages that are not compressed pass on a connection with compression', [
    [
      TAKEOVER,
      send({ opcode: 1, payload: 'plain' }, whole(1, HELLO), { opcode: 2, payload: 'plain' }),
      echo('plain'),
      echo('Hello'),
      echo(new Uint8Array(Buffer.from('plain'))),
    ],
    // What is not compressed does not enter the window (§7.2.3.2).
    [
      TAKEOVER,
      send(whole(1, HELLO), { opcode: 1, payload: 'between' }, whole(1, bytes('f2 00 11 00 00'))),
      echo('Hello'),
      echo('between'),
      echo('Hello'),
    ],
    [NO_TAKEOVER, send(...fragments(1, ['a', 'b'])), echo('ab')],
  ]),
  of('§6.1', 'control frames between compressed fragments are not compressed', [
    [
      TAKEOVER,
      send(
        { ...whole(1, HELLO.subarray(0, 3)), fin: false },
        { opcode: 9, payload: 'now' },
        { opcode: 0, payload: HELLO.subarray(3) },
      ),
      pong('now'),
      echo('Hello'),
    ],
  ]),
  of('§7.2.1', 'with context takeover a hundred messages are each compressed against those before', [
    [TAKEOVER, ...conversation(100, true)],
    [NO_TAKEOVER, ...conversation(100, false)],
  ]),
  ...[8, 9, 10, 15].map((bits) =>
    of(
      '§7.1.2',
      `windows of 2^${bits} bytes: nothing that is sent reaches further back`,
      [[windows(bits), ...conversation(60, true, bits)]],
      {
        compression: { serverMaxWindowBits: bits, clientMaxWindowBits: bits },
      },
    ),
  ),
  of(
    '§6.1',
    'what is shorter than the threshold goes as it is, and longer messages compressed',
    [
      [
        TAKEOVER,
        send({ opcode: 1, payload: 'short' }, { opcode: 1, payload: 'long '.repeat(50) }),
        echoCompressed('short', false),
        echoCompressed('long '.repeat(50)),
      ],
    ],
    { compression: { thresholdBytes: 100 } },
  ),
]

/** Messages that have much in common, compressed as a peer does with or without takeover. */
function conversation(count: number, takeover: boolean, windowBits = 12): Step[] {
  let before = ''
  return Array.from({ length: count }, (_, i): Step[] => {
    const text = JSON.stringify({
      type: 'price',
      symbol: `ABC${i % 13}`,
      price: (i * 7919) % 10_007,
      note: 'n'.repeat(i % 40),
    })
    const payload = deflated(
      text,
      takeover ? before.slice(-(windowBits === 8 ? 250 : 1 << windowBits)) : '',
      windowBits,
    )
    before += text
    return [send(whole(1, payload)), echo(text)]
  }).flat()
}

const bad: readonly ConformanceCase[] = [
  of('§6.1', 'RSV1 on a continuation is refused on its first two bytes', [
    [TAKEOVER, send({ ...whole(1, HELLO), fin: false }, { opcode: 0, rsv: 4, until: 'second byte' }), fail(1002)],
    [TAKEOVER, send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 0, rsv: 4, until: 'second byte' }), fail(1002)],
  ]),
  of(
    '§6.1',
    'RSV1 on a control frame is refused on its first two bytes',
    [8, 9, 10].map((opcode) => [TAKEOVER, send({ opcode, rsv: 4, until: 'second byte' } as const), fail(1002)]),
  ),
  of(
    '§5',
    'RSV2 and RSV3 still have no meaning',
    [1, 2, 3, 5, 6, 7].map((rsv) => [
      TAKEOVER,
      send({ opcode: 1, rsv, payload: HELLO, until: 'second byte' } as const),
      fail(1002),
    ]),
  ),
  of(
    '§7.2.2',
    'what is no DEFLATE fails the connection',
    ['06', '07', 'ff ff ff', '00 05 00 fa fe 48 65 6c 6c 6f 00', '05 00 00 00'].map((hex) => [
      NO_TAKEOVER,
      send(whole(1, bytes(hex))),
      fail(1007),
    ]),
  ),
  of('§7.2.2', 'a message that ends within a block fails the connection', [
    [NO_TAKEOVER, send(whole(2, deflated(LONG).subarray(0, 200))), fail(1007)],
    [NO_TAKEOVER, send(whole(1, bytes('00 05 00 fa ff 48 65'))), fail(1007)],
  ]),
  of('§7.1.1', 'without context takeover a message that reaches back into the one before fails the connection', [
    [NO_TAKEOVER, send(whole(1, HELLO), whole(1, bytes('f2 00 11 00 00'))), echo('Hello'), fail(1007)],
  ]),
  of('§7.2.2', 'a first message that reaches back before the beginning fails the connection', [
    [TAKEOVER, send(whole(1, bytes('f2 00 11 00 00'))), fail(1007)],
  ]),
  {
    ...of('§6.2', 'text is checked behind inflation; bytes are not', [
      [NO_TAKEOVER, send(whole(1, deflated(bytes('61 ff 62')))), fail(1007)],
      [NO_TAKEOVER, send(whole(1, deflated(bytes('61 e2 82')))), fail(1007)],
      [TAKEOVER, send(whole(2, deflated(bytes('61 ff 62')))), echo(bytes('61 ff 62'))],
    ]),
  },
  of(
    '§8',
    'a message that inflates to more than a message may have fails the connection',
    [
      [
        NO_TAKEOVER,
        send(whole(1, deflated('x'.repeat(1000)))),
        echo('x'.repeat(1000)),
        send(whole(1, deflated('x'.repeat(1001)))),
        fail(1009),
      ],
      [TAKEOVER, send(whole(2, deflated(new Uint8Array(1024 * 1024)))), fail(1009)],
      [
        TAKEOVER,
        send(
          ...inFragments(2, [
            deflated(new Uint8Array(2000)).subarray(0, 4),
            deflated(new Uint8Array(2000)).subarray(4),
          ]),
        ),
        fail(1009),
      ],
    ],
    { maxMessageBytes: 1000 },
  ),
  of(
    '§8',
    'a compressed message that is announced far too large is refused on its header',
    [
      [TAKEOVER, send({ opcode: 1, rsv: 4, claimedLength: 5000n, until: 'header' }), fail(1009)],
      [TAKEOVER, send({ opcode: 1, rsv: 4, claimedLength: (1n << 63n) - 1n, until: 'header' }), fail(1009)],
      [
        TAKEOVER,
        send({ ...whole(2, new Uint8Array(900)), fin: false }, { opcode: 0, claimedLength: 5000n, until: 'header' }),
        fail(1009),
      ],
    ],
    { maxMessageBytes: 1000 },
  ),
]

/** Compressed messages. */
export const compressedMessages: readonly ConformanceCase[] = [...messages, ...bad]
