import type { ConformanceCase } from '../judge/conformance-case.ts'
import { BOTH, close, echo, fail, pong, type Step, send, sendIn } from '../judge/step.ts'

function both(section: string, title: string, ...exchanges: readonly (readonly Step[])[]): ConformanceCase {
  return { section, title, roles: BOTH, exchanges }
}

const NAMES = { close: 8, ping: 9, pong: 10 }
const PINGS = 'RFC 6455 §5.5.2'
const bytes = Uint8Array.from({ length: 125 }, (_, i) => 255 - i)

const limits: readonly ConformanceCase[] = Object.entries(NAMES).flatMap(([name, opcode]) => [
  ...[126, 127, 65_536].map((length) =>
    both('RFC 6455 §5.5', `a ${name} of ${length} bytes is refused on its first two bytes`, [
      send({ opcode, payload: new Uint8Array(length), until: 'second byte' }),
      fail(1002),
    ]),
  ),
  both(
    'RFC 6455 §5.5',
    `a ${name} without FIN is refused on its first two bytes`,
    [send({ opcode, fin: false, until: 'second byte' }), fail(1002)],
    [send({ opcode, fin: false, payload: bytes.subarray(0, 10), until: 'second byte' }), fail(1002)],
    [send({ opcode: 1, fin: false }, { opcode, fin: false, until: 'second byte' }), fail(1002)],
  ),
])

const pings: readonly ConformanceCase[] = [
  ...[0, 1, 4, 124, 125].map((length) =>
    both(PINGS, `a ping of ${length} bytes is answered with the same`, [
      send({ opcode: 9, payload: bytes.subarray(0, length) }),
      pong(bytes.subarray(0, length)),
      sendIn('bytewise', { opcode: 9, payload: bytes.subarray(0, length) }),
      pong(bytes.subarray(0, length)),
    ]),
  ),
  both(PINGS, 'pings in one chunk are each answered, in their order', [
    send(...Array.from({ length: 20 }, (_, i) => ({ opcode: 9, payload: `${i}` }))),
    ...Array.from({ length: 20 }, (_, i) => pong(`${i}`)),
  ]),
  both(PINGS, 'pings and messages are answered in the order in which they came', [
    send(
      { opcode: 1, payload: 'a' },
      { opcode: 9, payload: 'b' },
      { opcode: 2, payload: 'c' },
      { opcode: 9, payload: 'd' },
    ),
    echo('a'),
    pong('b'),
    echo(Uint8Array.of(0x63)),
    pong('d'),
  ]),
  both(PINGS, 'a ping cut at every place is answered when it is whole', [
    ...Array.from({ length: 10 }, (_, at): Step[] => [
      sendIn([at + 1], { opcode: 9, payload: 'piece' }),
      pong('piece'),
    ]).flat(),
  ]),
  both(
    'RFC 6455 §5.5.3',
    'a pong nobody asked for is not answered, whatever it carries',
    [
      send(
        { opcode: 10 },
        { opcode: 10, payload: 'unasked' },
        { opcode: 10, payload: bytes },
        { opcode: 1, payload: 'on' },
      ),
      echo('on'),
    ],
    [send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 10 }, { opcode: 0, payload: 'b' }), echo('ab')],
    [sendIn('bytewise', { opcode: 10, payload: 'piece' }, { opcode: 9, payload: 'p' }), pong('p')],
  ),
  both('RFC 6455 §5.5.3', 'a ping is answered also when pongs came that answer none', [
    send({ opcode: 10, payload: 'x' }, { opcode: 9, payload: 'x' }, { opcode: 10, payload: 'x' }),
    pong('x'),
  ]),
  both('RFC 6455 §5.5.2', 'a ping behind a Close frame is not answered', [
    send({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8) }, { opcode: 9, payload: 'late' }),
    close(1000),
  ]),
]

/** Pings, pongs, and what all control frames have in common. */
export const controlFrames: readonly ConformanceCase[] = [...limits, ...pings]
