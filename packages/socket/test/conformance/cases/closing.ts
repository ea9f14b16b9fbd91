import { closePayload } from '@wigwag/socket/testing'
import type { ConformanceCase } from '../judge/conformance-case.ts'
import { Fault } from '../judge/fault.ts'
import {
  BOTH,
  check,
  close,
  echo,
  end,
  ended,
  fail,
  haveItClose,
  haveItSend,
  letTimePass,
  pong,
  reset,
  type Step,
  send,
  sendIn,
  told,
} from '../judge/step.ts'

type Exchanges = readonly (readonly Step[])[]

function of(section: string, roles: ConformanceCase['roles'], title: string, ...exchanges: Exchanges): ConformanceCase {
  return { section: `RFC 6455 ${section}`, title, roles, exchanges, options: { closeTimeoutMs: 10_000 } }
}

/** The same with a closing handshake that is given up soon. */
function impatient(
  section: string,
  roles: ConformanceCase['roles'],
  title: string,
  ...exchanges: Exchanges
): ConformanceCase {
  return { section: `RFC 6455 ${section}`, title, roles, exchanges, options: { closeTimeoutMs: 60 } }
}

const closeFrame = (code?: number, reason = '') => ({
  opcode: 8,
  payload: code === undefined ? '' : closePayload(code, reason),
})
const sendClose = (code?: number, reason = ''): Step => send(closeFrame(code, reason))

const ALLOWED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const FORBIDDEN = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 2000, 2999, 5000, 9999, 65_535]

const codes: readonly ConformanceCase[] = [
  ...ALLOWED.map((code) =>
    of('§7.4', BOTH, `the close code ${code} is answered in kind`, [sendClose(code), close(code), ...goes(code)]),
  ),
  ...FORBIDDEN.map((code) =>
    of(
      '§7.4',
      BOTH,
      `the close code ${code} is refused: it must not be sent`,
      [sendClose(code), fail(1002)],
      [sendClose(code, 'with a reason'), fail(1002)],
    ),
  ),
]

/** Behind the Close frames: a server goes first (§7.1.1); a client is left by its server. Both were told. */
function goes(code: number): Step[] {
  return [{ do: 'server goes first' }, told(code, true)]
}

const REASONS: readonly (readonly [name: string, reason: string])[] = [
  ['of one byte', 'x'],
  ['of 123 bytes, the most there may be', 'r'.repeat(123)],
  ['in UTF-8', 'Grüße, κόσμε, 世界 \u{1f44b}'],
  ['of 123 bytes whose last character takes four', `${'r'.repeat(119)}\u{1f44b}`],
]

const BAD_REASONS: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ['a lone continuation byte', 0x80],
  ['an overlong form', 0xc0, 0x80],
  ['a surrogate', 0xed, 0xa0, 0x80],
  ['a value above U+10FFFF', 0xf4, 0x90, 0x80, 0x80],
  ['a character cut short', 0x61, 0xe2, 0x82],
  ['the byte FF', 0x61, 0xff],
]

const payloads: readonly ConformanceCase[] = [
  of('§5.5.1', BOTH, 'a Close frame without a code is answered with one, and is 1005 for the application', [
    sendClose(),
    close(1005),
    ...goes(1005),
  ]),
  of('§5.5.1', BOTH, 'a Close frame of one byte is refused', [
    send({ opcode: 8, payload: Uint8Array.of(3) }),
    fail(1002),
  ]),
  ...REASONS.map(([name, reason]) =>
    of(
      '§5.5.1',
      BOTH,
      `a reason ${name} passes`,
      [sendClose(1000, reason), close(1000), ...goes(1000)],
      [sendIn('bytewise', closeFrame(1000, reason)), close(1000)],
    ),
  ),
  ...BAD_REASONS.map(([name, ...bytes]) =>
    of('§5.5.1', BOTH, `a reason with ${name} is refused: it is not UTF-8`, [
      send({ opcode: 8, payload: Uint8Array.from([0x03, 0xe8, ...bytes]) }),
      fail(1007),
    ]),
  ),
]

const behindClose: readonly ConformanceCase[] = [
  of(
    '§5.5.1',
    BOTH,
    'whatever stands behind a Close frame is ignored: data, control frames, another Close frame, rubbish',
    [send(closeFrame(1000), { opcode: 1, payload: 'late' }), close(1000), ...goes(1000)],
    [send(closeFrame(1000), { opcode: 9, payload: 'late' }), close(1000), ...goes(1000)],
    [send(closeFrame(1000), closeFrame(1001)), close(1000), ...goes(1000)],
    [send(closeFrame(1000), Uint8Array.from([0xff, 0xff, 0xff, 0xff])), close(1000), ...goes(1000)],
    [sendClose(1000), close(1000), send({ opcode: 1, payload: 'late' }), ...goes(1000)],
  ),
  of('§5.5.1', BOTH, 'what was sent before the Close frame is told and echoed first', [
    send({ opcode: 1, payload: 'a' }, { opcode: 9, payload: 'b' }, closeFrame(1000)),
    echo('a'),
    pong('b'),
    close(1000),
    ...goes(1000),
  ]),
]

const answered: Step[] = [sendClose(1000), { do: 'server goes first' }]

const closedByIt: readonly ConformanceCase[] = [
  of(
    '§7.1.2',
    BOTH,
    'it starts the closing handshake with its code and reason',
    [haveItClose(3001, 'enough'), close(3001, 'enough'), sendClose(3001), ...goes(3001)],
    [haveItClose(), close(1005, ''), sendClose(), ...goes(1005)],
    [haveItClose(1000, 'r'.repeat(123)), close(1000, 'r'.repeat(123)), ...answered],
  ),
  of('§7.1.5', BOTH, 'the code of the Close frame that came is the one told', [
    haveItClose(3001),
    close(3001),
    sendClose(3002),
    ...goes(3002),
  ]),
  of('§5.5.1', BOTH, 'behind its Close frame it sends no data: what comes is not echoed', [
    haveItClose(1000),
    close(1000),
    send({ opcode: 1, payload: 'still' }, { opcode: 2, payload: 'more' }),
    haveItSend('not any more'),
    ...answered,
  ]),
  of('§5.5.2', BOTH, 'behind its Close frame it still answers pings: it has not received one', [
    haveItClose(1000),
    close(1000),
    send({ opcode: 9, payload: 'there?' }),
    pong('there?'),
    ...answered,
  ]),
  of('§7.1.3', BOTH, 'both may start the closing handshake at once', [
    { do: 'at once', steps: [haveItClose(1000), sendClose(1001)] },
    close(1000),
    ...goes(1001),
  ]),
  of('§5.5.1', BOTH, 'it sends one Close frame, however often it is told to', [
    haveItClose(1000),
    haveItClose(1001),
    close(1000),
    ...answered,
    told(1000, true),
  ]),
]

/** It has not ended its direction, though it has had every opportunity. */
const notEnded: Step = check('that it has not ended yet', async ({ line }) => {
  await line.write(new Uint8Array(0))
  if (line.inbox.ended) throw new Fault('it ended TCP before the server did')
})

const transportEnds: readonly ConformanceCase[] = [
  of(
    '§7.1.1',
    ['server'],
    'a server ends TCP first, once both Close frames are there',
    [sendClose(1000), close(1000), ended, end, told(1000, true)],
    [haveItClose(1000), close(1000), sendClose(1000), ended, end, told(1000, true)],
  ),
  of(
    '§7.1.1',
    ['client'],
    'a client waits for the server to end TCP',
    [sendClose(1000), close(1000), notEnded, end, ended, told(1000, true)],
    [haveItClose(1000), close(1000), sendClose(1000), notEnded, end, ended, told(1000, true)],
  ),
  of('§7.1.1', ['client'], 'a server may end TCP together with its Close frame', [
    { do: 'at once', steps: [sendClose(1001, 'going'), end] },
    close(1001),
    ended,
    told(1001, true),
  ]),
  of(
    '§7.1.5',
    BOTH,
    'a connection that ends without a Close frame is 1006, and not clean',
    [end, ended, told(1006, false)],
    [send({ opcode: 1, payload: 'last' }), echo('last'), end, ended, told(1006, false)],
  ),
  of(
    '§7.1.5',
    BOTH,
    'a connection that ends within a frame or a message is 1006, and nothing of it is told',
    ...(
      [
        [send({ opcode: 1, payload: 'abc', until: 'second byte' })],
        [send({ opcode: 1, payload: 'x'.repeat(200), until: 'length' })],
        [send({ opcode: 1, payload: 'abc', until: 1 })],
        [send({ opcode: 1, fin: false, payload: 'abc' })],
        [send({ opcode: 8, payload: closePayload(1000), until: 1 })],
      ] satisfies Exchanges
    ).map((steps) => [...steps, end, ended, told(1006, false)]),
  ),
  of('§7.1.5', BOTH, 'a connection that breaks (TCP RST) is 1006', [
    send({ opcode: 1, payload: 'last' }),
    echo('last'),
    reset,
    told(1006, false),
  ]),
  of('§7.1.5', BOTH, 'a connection that ends while its own Close frame waits for an answer is 1006', [
    haveItClose(1000),
    close(1000),
    end,
    ended,
    told(1006, false),
  ]),
]

const silence: readonly ConformanceCase[] = [
  impatient('§7.1.1', BOTH, 'a peer that never answers the Close frame is left after a time', [
    haveItClose(1000),
    close(1000),
    letTimePass,
    ended,
    told(1006, false),
  ]),
  impatient('§7.1.1', BOTH, 'a peer that sends on instead of answering is left all the same', [
    haveItClose(1000),
    close(1000),
    send({ opcode: 1, payload: 'on' }, { opcode: 1, payload: 'and on' }),
    letTimePass,
    ended,
    told(1006, false),
  ]),
  impatient('§7.1.1', ['client'], 'a server that does not end TCP behind the Close frames is left after a time', [
    sendClose(1000),
    close(1000),
    letTimePass,
    ended,
    told(1000, true),
  ]),
  impatient('§7.1.7', BOTH, 'a peer that keeps its side open behind a failure is left after a time', [
    send({ opcode: 3 }),
    fail(1002),
    letTimePass,
    told(1002, false),
  ]),
]

const failing: readonly ConformanceCase[] = [
  of(
    '§7.1.7',
    BOTH,
    'once it has failed the connection it reads nothing more, not even a Close frame',
    [send({ opcode: 3 }, { opcode: 1, payload: 'good' }, closeFrame(1000)), fail(1002), end, told(1002, false)],
    [send({ opcode: 3 }), fail(1002), send({ opcode: 1, payload: 'good' }), sendClose(1000), end, told(1002, false)],
  ),
  of('§7.1.7', BOTH, 'a fault behind its own Close frame ends the connection without a second one', [
    haveItClose(1000),
    close(1000),
    send({ opcode: 3 }),
    ended,
    end,
  ]),
]

/** Closing. */
export const closing: readonly ConformanceCase[] = [
  ...codes,
  ...payloads,
  ...behindClose,
  ...closedByIt,
  ...transportEnds,
  ...silence,
  ...failing,
]
