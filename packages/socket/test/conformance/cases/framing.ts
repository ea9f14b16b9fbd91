import { frameBytes, textBytes } from '@wigwag/socket/testing'
import type { ConformanceCase } from '../judge/conformance-case.ts'
import { BOTH, echo, fail, type JudgeFrame, pong, type Step, send, sendIn } from '../judge/step.ts'

const SECTION = 'RFC 6455 §5.2'
const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

/** Where the three forms of the length meet. */
const LENGTHS = [0, 1, 2, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 65_537, 200_000]

function both(title: string, ...exchanges: readonly (readonly Step[])[]): ConformanceCase {
  return { section: SECTION, title, roles: BOTH, exchanges }
}

const lengths: readonly ConformanceCase[] = [
  ...LENGTHS.flatMap((length) => [
    both(`a text of ${length} bytes is read, and echoed with the shortest length`, [
      send({ opcode: 1, payload: 'x'.repeat(length) }),
      echo('x'.repeat(length)),
    ]),
    both(`a binary message of ${length} bytes is read, and echoed with the shortest length`, [
      send({ opcode: 2, payload: bytesOf(length) }),
      echo(bytesOf(length)),
    ]),
  ]),
  ...[0, 1, 5, 126, 300, 65_536].map((length) =>
    both(`the header of a frame of ${length} bytes may come byte by byte`, [
      sendIn(
        Array.from({ length: 16 }, () => 1),
        { opcode: 2, payload: bytesOf(length) },
      ),
      echo(bytesOf(length)),
    ]),
  ),
  both('a frame may be cut into two chunks at every place', ...everyCut({ opcode: 1, payload: 'wigwag' }, 'wigwag')),
  both('many frames may come in one chunk', [
    send(...Array.from({ length: 50 }, (_, i) => ({ opcode: 1, payload: `message ${i}` }))),
    ...Array.from({ length: 50 }, (_, i) => echo(`message ${i}`)),
  ]),
  both('a chunk may end in the header of the next frame', [
    sendIn([40], { opcode: 1, payload: 'x'.repeat(30) }, { opcode: 1, payload: 'y'.repeat(30) }),
    echo('x'.repeat(30)),
    echo('y'.repeat(30)),
  ]),
  both('empty messages keep their types', [
    send({ opcode: 1 }, { opcode: 2 }, { opcode: 1 }),
    echo(''),
    echo(new Uint8Array(0)),
    echo(''),
  ]),
]

/** A length that its form or its value forbids, sent without the masking-key and the payload that would follow. */
function badLength(title: string, lengthForm: 16 | 64, claimedLength: bigint): ConformanceCase {
  return both(
    title,
    ...[OPCODES.text, OPCODES.binary].map((opcode) => [
      send({ opcode, lengthForm, claimedLength, until: 'length' }),
      fail(1002),
    ]),
    [
      send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 0, lengthForm, claimedLength, until: 'length' }),
      fail(1002),
    ],
  )
}

const badLengths: readonly ConformanceCase[] = [
  ...[0n, 1n, 2n, 64n, 124n, 125n].map((length) =>
    badLength(`${length} bytes announced in the 16-bit form are refused before they come`, 16, length),
  ),
  ...[0n, 1n, 125n, 126n, 65_534n, 65_535n].map((length) =>
    badLength(`${length} bytes announced in the 64-bit form are refused before they come`, 64, length),
  ),
  ...[0x8000_0000_0000_0000n, 0x8000_0000_0000_0005n, 0x8000_0000_0001_0000n, 0xffff_ffff_ffff_ffffn].map((length) =>
    badLength(`the length 0x${length.toString(16)}, whose top bit is set, is refused`, 64, length),
  ),
  ...[126, 127].map((short) =>
    both(
      `a control frame that announces its length in the ${short === 126 ? 16 : 64}-bit form is refused`,
      ...[8, 9, 10].map((opcode) => [
        send({ opcode, payload: 'x'.repeat(5), lengthForm: short === 126 ? 16 : 64, until: 'length' } as const),
        fail(1002),
      ]),
    ),
  ),
]

const reservedBits: readonly ConformanceCase[] = Object.entries(OPCODES).flatMap(([name, opcode]) =>
  [1, 2, 3, 4, 5, 6, 7].map((rsv) =>
    both(
      `a ${name} frame with reserved bits ${rsv.toString(2).padStart(3, '0')} is refused on its first two bytes`,
      ...(opcode === 0 ? [] : [[send({ opcode, rsv, payload: 'abc', until: 'second byte' } as const), fail(1002)]]),
      // The same between the fragments of a message.
      ...(opcode === 1 || opcode === 2
        ? []
        : [
            [
              send({ opcode: 1, fin: false, payload: 'a' }, { opcode, rsv, payload: 'abc', until: 'second byte' }),
              fail(1002),
            ],
          ]),
    ),
  ),
)

const reservedOpcodes: readonly ConformanceCase[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  both(`the reserved opcode ${opcode} is refused on the first two bytes`, [
    send({ opcode, payload: 'abc', until: 'second byte' }),
    fail(1002),
  ]),
  both(
    `the reserved opcode ${opcode} is refused behind a message, and between fragments`,
    [send({ opcode: 1, payload: 'before' }, { opcode, until: 'second byte' }), echo('before'), fail(1002)],
    [send({ opcode: 1, fin: false, payload: 'a' }, { opcode, until: 'second byte' }), fail(1002)],
    [send({ opcode, fin: false, until: 'second byte' }), fail(1002)],
  ),
])

const afterwards: readonly ConformanceCase[] = [
  both('what was whole before a broken frame is still told', [
    send({ opcode: 1, payload: 'one' }, { opcode: 9, payload: 'two' }, { opcode: 3 }),
    echo('one'),
    pong('two'),
    fail(1002),
  ]),
  both('what stands behind a broken frame in the same chunk is not read', [
    send({ opcode: 1, rsv: 2, payload: 'bad' }, { opcode: 1, payload: 'good' }, { opcode: 9 }),
    fail(1002),
  ]),
]

/** Framing. */
export const framing: readonly ConformanceCase[] = [
  ...lengths,
  ...badLengths,
  ...reservedBits,
  ...reservedOpcodes,
  ...afterwards,
]

/** Two chunks, for every place in the frame as a client masks it: a server's is shorter, and is then sent whole at last. */
function everyCut(frame: JudgeFrame, text: string): Step[][] {
  const size = frameBytes({ opcode: 1, payload: text, mask: [1, 2, 3, 4] }).length
  return Array.from({ length: size - 1 }, (_, at) => [sendIn([at + 1], frame), echo(text)])
}

/** Bytes that differ from place to place. */
function bytesOf(length: number): Uint8Array {
  const text = textBytes('\u00e9 wigwag ')
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (text[i % text.length] as number)) & 0xff)
}
