import type { CompressionOptions, ConformanceCase } from '../judge/conformance-case.ts'
import { Fault } from '../judge/fault.ts'
import { fieldsOf, properRequest, sameExtensions } from '../judge/http-heads.ts'
import { accepted, answer, ask, check, echo, handshakeFailed, refused, type Step, send } from '../judge/step.ts'
import { deflated } from './deflated.ts'

const HEADER = 'Sec-WebSocket-Extensions'
const DEFLATE = 'permessage-deflate'
/** An offer's parameters and the answer's; `undefined` for no extension at all. */
type Pair = readonly [offer: string, answer: string | undefined]

/** Something compressed there and back. */
const works: readonly Step[] = [
  send({ opcode: 1, rsv: 4, payload: deflated('compressed '.repeat(30)) }),
  echo('compressed '.repeat(30)),
]
const plain: readonly Step[] = [send({ opcode: 1, payload: 'as it is' }), echo('as it is')]

function full(parameters: string): string {
  return parameters === '' ? DEFLATE : `${DEFLATE}; ${parameters}`
}

/** What a server answers to offers. */
function answers(
  section: string,
  title: string,
  compression: CompressionOptions | undefined,
  pairs: readonly Pair[],
): ConformanceCase {
  return {
    section: `RFC 7692 ${section}`,
    title,
    roles: ['server'],
    fromTheStart: true,
    options: { ...(compression === undefined ? {} : { compression }) },
    exchanges: pairs.map(([offer, expected]) => [
      ask(properRequest({ E: `${HEADER}: ${offer.startsWith(DEFLATE) ? offer : full(offer)}` })),
      accepted({ extensions: expected === undefined ? undefined : full(expected) }),
      ...(expected === undefined ? plain : works),
    ]),
  }
}

const BITS = [8, 9, 10, 11, 12, 13, 14, 15]
const LARGEST = { serverMaxWindowBits: 15, clientMaxWindowBits: 15 }

/** Parameters that decline the offer they stand in. */
const DECLINED: readonly (readonly [what: string, ...parameters: readonly string[]])[] = [
  ['an unknown parameter', 'foo', 'foo=1', 'client_max_window_bits; x=1'],
  ['a parameter in upper case', 'SERVER_NO_CONTEXT_TAKEOVER', 'Client_Max_Window_Bits'],
  [
    'a parameter twice',
    'client_max_window_bits; client_max_window_bits',
    'client_max_window_bits=10; client_max_window_bits=10',
    'server_max_window_bits=10; server_max_window_bits=11',
    'server_no_context_takeover; server_no_context_takeover',
    'client_no_context_takeover; client_no_context_takeover',
  ],
  [
    'a flag with a value',
    'server_no_context_takeover=1',
    'client_no_context_takeover=true',
    'server_no_context_takeover="x"',
  ],
  ['server_max_window_bits without a value', 'server_max_window_bits'],
  ...['server_max_window_bits', 'client_max_window_bits'].map(
    (name) =>
      [
        `${name} that is no number from 8 to 15 in decimal, without sign and leading zeros`,
        ...['0', '1', '7', '16', '100', '-8', '+12', '08', '012', '12.0', '0xc', '1e1', 'x', '"010"', '%31%32'].map(
          (value) => `${name}=${value}`,
        ),
      ] as const,
  ),
]

const server: readonly ConformanceCase[] = [
  answers('§5', 'a server without compression agrees to none', undefined, [
    ['', undefined],
    ['client_max_window_bits', undefined],
    ['server_no_context_takeover', undefined],
  ]),
  answers(
    '§7.1.2.2',
    'who does not offer client_max_window_bits is answered with client_no_context_takeover, where our window is smaller',
    {},
    [['', 'client_no_context_takeover; server_max_window_bits=12']],
  ),
  answers('§7.1.2.2', 'client_max_window_bits is answered with the smaller of the offered and our own', {}, [
    ['client_max_window_bits', 'server_max_window_bits=12; client_max_window_bits=12'],
    ...BITS.map(
      (bits): Pair => [
        `client_max_window_bits=${bits}`,
        `server_max_window_bits=12; client_max_window_bits=${Math.min(bits, 12)}`,
      ],
    ),
    ['client_max_window_bits="10"', 'server_max_window_bits=12; client_max_window_bits=10'],
  ]),
  answers('§7.1.2.1', 'server_max_window_bits is answered with the smaller of the offered and our own', {}, [
    ...BITS.map(
      (bits): Pair => [
        `server_max_window_bits=${bits}; client_max_window_bits`,
        `server_max_window_bits=${Math.min(bits, 12)}; client_max_window_bits=12`,
      ],
    ),
    ['server_max_window_bits="9"; client_max_window_bits', 'server_max_window_bits=9; client_max_window_bits=12'],
  ]),
  answers('§7.1.1', 'no_context_takeover is agreed to for each direction, when offered', {}, [
    [
      'server_no_context_takeover; client_max_window_bits',
      'server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'client_no_context_takeover; client_max_window_bits',
      'client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'server_no_context_takeover; client_no_context_takeover',
      'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
    ],
  ]),
  answers(
    '§7.1.1',
    'a server that wants no context takeover says so, offered or not',
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    [
      [
        'client_max_window_bits',
        'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
      ],
      ['', 'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12'],
    ],
  ),
  answers('§7.1.2', 'with the largest windows nothing is said of windows that was not asked', LARGEST, [
    ['', ''],
    ['client_max_window_bits', ''],
    ['server_max_window_bits=15', 'server_max_window_bits=15'],
    ['server_max_window_bits=10; client_max_window_bits=9', 'server_max_window_bits=10; client_max_window_bits=9'],
  ]),
  ...BITS.filter((bits) => bits !== 12).map((bits) =>
    answers(
      '§7.1.2',
      `windows of 2^${bits} bytes are agreed to where they are our own`,
      { serverMaxWindowBits: bits, clientMaxWindowBits: bits },
      [
        [
          'server_max_window_bits=15; client_max_window_bits=15',
          `server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
        ],
      ],
    ),
  ),
  ...DECLINED.map(([what, ...parameters]) =>
    answers('§7.1', `an offer with ${what} is declined, the next one looked at`, {}, [
      ...parameters.map((each): Pair => [each, undefined]),
      ...parameters.map(
        (each): Pair => [
          `${full(each)}, ${DEFLATE}; client_max_window_bits`,
          'server_max_window_bits=12; client_max_window_bits=12',
        ],
      ),
    ]),
  ),
  answers('§5.1', 'of several offers the first that will do is agreed to', {}, [
    [
      `${DEFLATE}; client_max_window_bits=9, ${DEFLATE}; client_max_window_bits=10`,
      'server_max_window_bits=12; client_max_window_bits=9',
    ],
    [`${DEFLATE}; foo, ${DEFLATE}; bar, ${DEFLATE}`, 'client_no_context_takeover; server_max_window_bits=12'],
  ]),
  {
    section: 'RFC 7692 §5.1',
    title: 'offers may come on several lines, and beside other extensions',
    roles: ['server'],
    fromTheStart: true,
    options: { compression: {} },
    exchanges: [
      [
        ask(properRequest({ E: [`${HEADER}: foo; a=b`, `${HEADER}: ${DEFLATE}; client_max_window_bits`] })),
        accepted({ extensions: full('server_max_window_bits=12; client_max_window_bits=12') }),
        ...works,
      ],
      [
        ask(properRequest({ E: [`${HEADER}: ${DEFLATE}; foo`, `${HEADER}: x, ${DEFLATE};client_max_window_bits`] })),
        accepted({ extensions: full('server_max_window_bits=12; client_max_window_bits=12') }),
        ...works,
      ],
    ],
  },
  {
    section: 'RFC 7692 §7.1',
    title: 'a malformed offer refuses the request',
    roles: ['server'],
    fromTheStart: true,
    options: { compression: {} },
    exchanges: ['client_max_window_bits=', ';', 'server_max_window_bits==9', 'client_max_window_bits="9'].map(
      (parameters) => [ask(properRequest({ E: `${HEADER}: ${full(parameters)}` })), refused([400])],
    ),
  },
]

function answered(extensions: string): Step {
  return answer(({ proper }) => proper.replace(/\r\n$/, `${HEADER}: ${extensions}\r\n\r\n`))
}

/** What a client makes of answers. */
function judges(
  section: string,
  title: string,
  compression: CompressionOptions,
  parameters: readonly string[],
  ok: boolean,
): ConformanceCase {
  return {
    section: `RFC 7692 ${section}`,
    title,
    roles: ['client'],
    fromTheStart: true,
    options: { compression },
    exchanges: parameters.map((each) => [
      answered(each.startsWith(DEFLATE) ? each : full(each)),
      ...(ok ? works : [handshakeFailed]),
    ]),
  }
}

function offers(title: string, compression: CompressionOptions, expected: string): ConformanceCase {
  return {
    section: 'RFC 7692 §7.1',
    title,
    roles: ['client'],
    fromTheStart: true,
    options: { compression },
    exchanges: [
      [
        answer(({ proper }) => proper),
        check('the offer', ({ line }) => {
          const offer = fieldsOf(line.inbox.head ?? '')
            .get('sec-websocket-extensions')
            ?.join(', ')
          if (!sameExtensions(offer, expected)) throw new Fault(`it offers ${offer}, not ${expected}`)
        }),
        ...plain,
      ],
    ],
  }
}

const client: readonly ConformanceCase[] = [
  offers(
    'a client offers small windows, and to do without where the server cannot',
    {},
    `${full('server_max_window_bits=12; client_max_window_bits=12')}, ${full('client_max_window_bits=12')}`,
  ),
  offers(
    'a client that takes the largest windows says nothing of the server’s',
    LARGEST,
    full('client_max_window_bits'),
  ),
  offers(
    'a client offers what it was told',
    { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
    full('server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10'),
  ),
  judges(
    '§7.1',
    'an answer within the offer opens the connection',
    {},
    [
      'server_max_window_bits=12; client_max_window_bits=12',
      'server_max_window_bits=8; client_max_window_bits=8',
      'server_max_window_bits=12',
      'client_max_window_bits=9',
      '',
      'server_no_context_takeover; client_no_context_takeover',
      'server_no_context_takeover; server_max_window_bits=10',
      'client_no_context_takeover; client_max_window_bits="11"',
    ],
    true,
  ),
  judges(
    '§7.1.2.1',
    'a server_max_window_bits above the one asked for fails the handshake, and so does none',
    { serverMaxWindowBits: 10 },
    ['server_max_window_bits=11', 'server_max_window_bits=15', '', 'client_max_window_bits=9'],
    false,
  ),
  judges(
    '§7.1.2.1',
    'a server_max_window_bits up to the one asked for opens the connection',
    { serverMaxWindowBits: 10 },
    ['server_max_window_bits=10', 'server_max_window_bits=8'],
    true,
  ),
  judges(
    '§7.1.2.2',
    'a client_max_window_bits above the one offered, or without a value, fails the handshake',
    {},
    ['client_max_window_bits=13', 'client_max_window_bits=15', 'client_max_window_bits'],
    false,
  ),
  judges(
    '§7.1.1.1',
    'an answer without the server_no_context_takeover that was asked for fails the handshake',
    { serverNoContextTakeover: true },
    ['server_max_window_bits=12', '', 'client_no_context_takeover'],
    false,
  ),
  ...DECLINED.map(([what, ...parameters]) =>
    judges(
      '§7.1',
      `an answer with ${what} fails the handshake`,
      {},
      parameters.filter((each) => !/^client_max_window_bits; client_max_window_bits$/.test(each)),
      false,
    ),
  ),
  judges(
    '§5.1',
    'two answers fail the handshake',
    {},
    [`${DEFLATE}, ${DEFLATE}`, `${full('server_max_window_bits=12')}, ${full('client_max_window_bits=12')}`],
    false,
  ),
  judges(
    '§5.1',
    'an answer with another extension fails the handshake',
    {},
    [`${DEFLATE}, foo`, `${DEFLATE}-x`, 'permessage-deflateX'],
    false,
  ),
  {
    section: 'RFC 7692 §5.1',
    title: 'compression that was not offered fails the handshake',
    roles: ['client'],
    fromTheStart: true,
    exchanges: ['', 'server_max_window_bits=12'].map((each) => [answered(full(each)), handshakeFailed]),
  },
]

/** Negotiation of permessage-deflate. */
export const compressionNegotiation: readonly ConformanceCase[] = [...server, ...client]
