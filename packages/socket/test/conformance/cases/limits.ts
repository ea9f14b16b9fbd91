import type { ConformanceCase, SubjectOptions } from '../judge/conformance-case.ts'
import { BOTH, echo, fail, type JudgeFrame, pong, type Step, send } from '../judge/step.ts'
import { fragments } from './fragmentation.ts'

function limited(options: SubjectOptions, title: string, ...exchanges: readonly (readonly Step[])[]): ConformanceCase {
  return { section: 'RFC 6455 §10.4', title, roles: BOTH, options, exchanges }
}

const x = (length: number): string => 'x'.repeat(length)
const MESSAGE = { maxMessageBytes: 1000 }
const FRAME = { maxMessageBytes: 1000, maxFrameBytes: 100 }
const FRAGMENTS = { maxFragments: 16 }
const CONTROL = { maxControlFramesPerSecond: 100 }

/** The header alone: what it announces is never sent. */
function announces(opcode: number, claimedLength: bigint, more: Partial<JudgeFrame> = {}): JudgeFrame {
  return { opcode, claimedLength, until: 'header', ...more }
}

const sizes: readonly ConformanceCase[] = [
  limited(MESSAGE, 'a message as large as allowed passes, whole or in fragments', [
    send({ opcode: 1, payload: x(1000) }, { opcode: 2, payload: new Uint8Array(1000) }),
    echo(x(1000)),
    echo(new Uint8Array(1000)),
    send(...fragments(1, [x(400), x(600), '']), ...fragments(1, ['', x(1000)])),
    echo(x(1000)),
    echo(x(1000)),
  ]),
  ...[1001n, 65_535n, 65_536n, 1n << 32n, (1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n].map((length) =>
    limited(
      MESSAGE,
      `a frame of ${length} bytes is refused on its header, where a message may have 1000`,
      ...[1, 2].map((opcode) => [send(announces(opcode, length)), fail(1009)]),
      [send({ opcode: 1, payload: 'before' }, announces(1, length, { fin: false })), echo('before'), fail(1009)],
    ),
  ),
  limited(
    MESSAGE,
    'fragments that make the message too large are refused on the header of the first that does',
    [send({ opcode: 1, fin: false, payload: x(600) }, announces(0, 401n)), fail(1009)],
    [send({ opcode: 1, fin: false, payload: x(1000) }, announces(0, 1n, { fin: false })), fail(1009)],
    [
      send({ opcode: 2, fin: false, payload: x(999) }, { opcode: 0, fin: false, payload: 'x' }, announces(0, 1n)),
      fail(1009),
    ],
    [send({ opcode: 2, fin: false, payload: 'x' }, announces(0, 1n << 40n)), fail(1009)],
  ),
  limited(MESSAGE, 'control frames between fragments do not count for the message', [
    send(
      { opcode: 1, fin: false, payload: x(500) },
      ...Array.from({ length: 8 }, () => ({ opcode: 9, payload: x(125) })),
      { opcode: 0, payload: x(500) },
    ),
    ...Array.from({ length: 8 }, () => pong(x(125))),
    echo(x(1000)),
  ]),
  limited(
    FRAME,
    'a frame above its own limit is refused on its header, though the message would do',
    [
      send(
        { opcode: 1, payload: x(100) },
        ...fragments(
          1,
          Array.from({ length: 10 }, () => x(100)),
        ),
      ),
      echo(x(100)),
      echo(x(1000)),
      send(announces(1, 101n)),
      fail(1009),
    ],
    [send({ opcode: 1, fin: false }, announces(0, 101n)), fail(1009)],
  ),
  limited({}, 'without being told, a message may have 1 MiB', [
    send({ opcode: 2, payload: new Uint8Array(1024 * 1024) }),
    echo(new Uint8Array(1024 * 1024)),
    send(announces(2, 1024n * 1024n + 1n)),
    fail(1009),
  ]),
]

const empty = (count: number): JudgeFrame[] =>
  fragments(
    1,
    Array.from({ length: count }, () => ''),
  )
const pings = (count: number): JudgeFrame[] => Array.from({ length: count }, () => ({ opcode: 9 }))
const pongs = (count: number): Step[] => Array.from({ length: count }, () => pong(''))

const counts: readonly ConformanceCase[] = [
  limited(FRAGMENTS, 'a message in as many fragments as allowed passes; each message counts anew', [
    send(...empty(16), ...empty(16), { opcode: 1, payload: 'whole' }),
    echo(''),
    echo(''),
    echo('whole'),
  ]),
  limited(
    FRAGMENTS,
    'one fragment too many is refused on its header',
    [send(...empty(17).slice(0, 16), { opcode: 0, fin: false, until: 'header' }), fail(1008)],
    [send(...empty(17).slice(0, 16), announces(0, 500n)), fail(1008)],
  ),
  limited({}, 'ten thousand empty fragments are one empty message', [send(...empty(10_000)), echo('')]),
  limited({}, 'without being told, a message may have 16,384 fragments', [
    send(...empty(16_384)),
    echo(''),
    send(...empty(16_400).slice(0, 16_385)),
    fail(1008),
  ]),
  limited(
    CONTROL,
    'more control frames than a second may have are refused',
    [send(...pings(101)), ...pongs(100), fail(1008)],
    [send(...Array.from({ length: 101 }, () => ({ opcode: 10 }))), fail(1008)],
    [
      send({ opcode: 1, fin: false }, ...pings(100), { opcode: 9, payload: 'withheld', until: 'header' }),
      ...pongs(100),
      fail(1008),
    ],
  ),
  limited({}, 'without being told, a second may have 256 control frames', [
    send(...pings(257)),
    ...pongs(256),
    fail(1008),
  ]),
  limited({ maxControlFramesPerSecond: 100_000 }, 'five thousand pings are all answered where they are allowed', [
    send(...pings(5000)),
    ...pongs(5000),
  ]),
]

/** Limits. */
export const limits: readonly ConformanceCase[] = [...sizes, ...counts]
