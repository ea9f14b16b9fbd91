import type { ConformanceCase } from '../judge/conformance-case.ts'
import { BOTH, close, echo, ended, fail, type JudgeFrame, pong, type Step, send, sendIn } from '../judge/step.ts'

function both(title: string, ...exchanges: readonly (readonly Step[])[]): ConformanceCase {
  return { section: 'RFC 6455 §5.4', title, roles: BOTH, exchanges }
}

/** A message in fragments; the first has the opcode, the last FIN. */
export function fragments(opcode: number, payloads: readonly (string | Uint8Array)[]): JudgeFrame[] {
  return payloads.map((payload, i) => ({ opcode: i === 0 ? opcode : 0, fin: i === payloads.length - 1, payload }))
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const letters = [...'fragmentation']

const good: readonly ConformanceCase[] = [
  ...[2, 3, 10, 100, 1000].map((count) =>
    both(
      `a message in ${count} fragments is one message`,
      [
        send(
          ...fragments(
            1,
            Array.from({ length: count }, (_, i) => `${i},`),
          ),
        ),
        echo(Array.from({ length: count }, (_, i) => `${i},`).join('')),
      ],
      [
        send(
          ...fragments(
            2,
            Array.from({ length: count }, (_, i) => bytes(i & 0xff)),
          ),
        ),
        echo(Uint8Array.from({ length: count }, (_, i) => i & 0xff)),
      ],
    ),
  ),
  both(
    'the type is that of the first fragment',
    [send(...fragments(1, ['a', 'b'])), echo('ab')],
    [send(...fragments(2, ['a', 'b'])), echo(bytes(0x61, 0x62))],
  ),
  both(
    'fragments may be empty: the first, one in the middle, the last, all',
    [send(...fragments(1, ['', 'a', 'b'])), echo('ab')],
    [send(...fragments(1, ['a', '', 'b'])), echo('ab')],
    [send(...fragments(1, ['a', 'b', ''])), echo('ab')],
    [send(...fragments(1, ['', '', ''])), echo('')],
    [send(...fragments(2, ['', ''])), echo(bytes())],
  ),
  both(
    'fragments may come each in a chunk of its own, or all cut byte by byte',
    [sendIn('apart', ...fragments(1, letters)), echo('fragmentation')],
    [sendIn('bytewise', ...fragments(1, letters)), echo('fragmentation')],
    [sendIn('bytewise', ...fragments(2, [bytes(1, 2, 3), bytes(), bytes(4)])), echo(bytes(1, 2, 3, 4))],
  ),
  both('fragments may take every form of the length', [
    send(...fragments(1, ['a'.repeat(125), 'b'.repeat(126), 'c'.repeat(65_536), 'd'])),
    echo(`${'a'.repeat(125)}${'b'.repeat(126)}${'c'.repeat(65_536)}d`),
  ]),
  both('messages in fragments may follow each other', [
    send(
      ...fragments(1, ['a', 'b']),
      ...fragments(2, ['c', 'd']),
      { opcode: 1, payload: 'e' },
      ...fragments(1, ['f', 'g']),
    ),
    echo('ab'),
    echo(bytes(0x63, 0x64)),
    echo('e'),
    echo('fg'),
  ]),
  both(
    'control frames may come between fragments, and are answered before the message is whole',
    [
      send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 9, payload: 'now' }),
      pong('now'),
      send({ opcode: 10, payload: 'unsolicited' }, { opcode: 9 }, { opcode: 0, payload: 'b' }),
      pong(''),
      echo('ab'),
    ],
    [
      sendIn(
        'bytewise',
        { opcode: 2, fin: false, payload: 'a' },
        { opcode: 9, payload: 'now' },
        { opcode: 0, payload: 'b' },
      ),
      pong('now'),
      echo(bytes(0x61, 0x62)),
    ],
  ),
  both('a Close frame may come between fragments; the message is not told', [
    send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 8, payload: bytes(0x03, 0xe8) }),
    close(1000),
  ]),
]

const bad: readonly ConformanceCase[] = [
  both(
    'a continuation with no message in progress is refused on its header',
    ...[true, false].flatMap((fin) => [
      [send({ opcode: 0, fin, payload: 'abc', until: 'header' } as const), fail(1002)],
      [send({ opcode: 1, payload: 'whole' }, { opcode: 0, fin, until: 'header' }), echo('whole'), fail(1002)],
      [send(...fragments(1, ['a', 'b']), { opcode: 0, fin, until: 'header' }), echo('ab'), fail(1002)],
      [send({ opcode: 9 }, { opcode: 0, fin, until: 'header' }), pong(''), fail(1002)],
    ]),
  ),
  ...[1, 2].map((first) =>
    both(
      `a new message inside a ${first === 1 ? 'text' : 'binary'} message is refused on its header`,
      ...[1, 2].flatMap((second) =>
        [true, false].flatMap((fin) => [
          [
            send({ opcode: first, fin: false, payload: 'a' }, { opcode: second, fin, payload: 'abc', until: 'header' }),
            fail(1002),
          ],
          [
            send(
              { opcode: first, fin: false },
              { opcode: 9 },
              { opcode: second, fin, payload: 'abc', until: 'header' },
            ),
            pong(''),
            fail(1002),
          ],
        ]),
      ),
    ),
  ),
  {
    section: 'RFC 6455 §5.4',
    title: 'a message that never ends is not told; the end of the connection ends it',
    roles: ['server'],
    exchanges: [
      [
        send({ opcode: 1, fin: false, payload: 'a' }, { opcode: 0, fin: false, payload: 'b' }),
        send({ opcode: 8 }),
        close(1005),
        ended,
      ],
    ],
  },
]

/** Fragmentation. */
export const fragmentation: readonly ConformanceCase[] = [...good, ...bad]
