import type { ConformanceCase } from '../judge/conformance-case.ts'
import { Fault } from '../judge/fault.ts'
import { BOTH, check, echo, fail, type JudgeFrame, pong, type Step, send, sendIn } from '../judge/step.ts'

const KEYS: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 1],
  [0x80, 0, 0, 0],
  [0x37, 0xfa, 0x21, 0x3d],
]
const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }
const TEXT = 'masked, in pieces of every size'

const wrongMasking: readonly ConformanceCase[] = (['server', 'client'] as const).flatMap((role) =>
  Object.entries(OPCODES).map(([name, opcode]): ConformanceCase => {
    const wrong: JudgeFrame = { opcode, payload: opcode === 8 ? '' : 'abc', mask: 'wrong' }
    const start: JudgeFrame[] = opcode === 0 ? [{ opcode: 1, fin: false, payload: 'a' }] : []
    return {
      section: 'RFC 6455 §5.1',
      title: `${role === 'server' ? 'an unmasked' : 'a masked'} ${name} frame is refused by a ${role} on its first two bytes`,
      roles: [role],
      exchanges: [
        [send(...start, { ...wrong, until: 'second byte' }), fail(1002)],
        [send(...start, { ...wrong, payload: '', until: 'second byte' }), fail(1002)],
        [send(...start, wrong, { opcode: 1, payload: 'not read any more' }), fail(1002)],
      ],
    }
  }),
)

const unmasking: readonly ConformanceCase[] = KEYS.map((mask) => ({
  section: 'RFC 6455 §5.3',
  title: `a server unmasks with the key ${Buffer.from(mask).toString('hex')}, payloads of 0 to 40 bytes`,
  roles: ['server'],
  exchanges: [
    Array.from({ length: 41 }, (_, length) => [
      send({ opcode: 1, payload: TEXT.repeat(2).slice(0, length), mask }),
      echo(TEXT.repeat(2).slice(0, length)),
    ]).flat(),
  ],
}))

const cutPayloads: readonly ConformanceCase[] = [
  {
    section: 'RFC 6455 §5.3',
    title: 'the key goes on across chunks, wherever they are cut',
    roles: ['server'],
    exchanges: [
      ...[1, 2, 3, 5, 7].map((size): Step[] => [
        sendIn(
          Array.from({ length: 60 }, () => size),
          { opcode: 1, payload: TEXT },
        ),
        echo(TEXT),
      ]),
      Array.from({ length: TEXT.length }, (_, at): Step[] => [
        sendIn([6 + at], { opcode: 1, payload: TEXT }),
        echo(TEXT),
      ]).flat(),
    ],
  },
  {
    section: 'RFC 6455 §5.3',
    title: 'every frame, control frames and fragments included, has its own key',
    roles: ['server'],
    exchanges: [
      [
        send(
          { opcode: 1, fin: false, payload: 'one, ', mask: [1, 2, 3, 4] },
          { opcode: 9, payload: 'ping', mask: [5, 6, 7, 8] },
          { opcode: 0, fin: false, payload: 'two, ', mask: [9, 10, 11, 12] },
          { opcode: 0, payload: 'three', mask: [0, 0, 0, 0] },
        ),
        pong('ping'),
        echo('one, two, three'),
      ],
    ],
  },
]

const FRAMES = 64

const ownMasking: readonly ConformanceCase[] = [
  {
    section: 'RFC 6455 §5.3',
    title: 'a client masks each frame with another key',
    roles: ['client'],
    exchanges: [
      [
        ...Array.from({ length: FRAMES }, (): Step[] => [send({ opcode: 1, payload: 'same' }), echo('same')]).flat(),
        send({ opcode: 9, payload: 'same' }),
        pong('same'),
        check('the keys differ', ({ line }) => {
          const different = new Set(line.inbox.maskingKeys).size
          // Of 65 keys of 32 bits two alike come once in two million runs.
          if (different < FRAMES) throw new Fault(`of ${FRAMES + 1} masking-keys only ${different} differ`)
        }),
      ],
    ],
  },
  {
    section: 'RFC 6455 §5.1',
    title: 'what is sent is masked by a client, empty frames included, and never by a server',
    roles: BOTH,
    exchanges: [[send({ opcode: 1 }, { opcode: 9 }, { opcode: 2 }), echo(''), pong(''), echo(new Uint8Array(0))]],
  },
]

/** Masking. */
export const masking: readonly ConformanceCase[] = [...wrongMasking, ...unmasking, ...cutPayloads, ...ownMasking]
