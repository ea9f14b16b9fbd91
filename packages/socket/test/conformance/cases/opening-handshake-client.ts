import type { ConformanceCase, SubjectOptions } from '../judge/conformance-case.ts'
import { Fault } from '../judge/fault.ts'
import { fieldsOf } from '../judge/http-heads.ts'
import { type AskedByClient, answer, check, echo, end, handshakeFailed, pong, type Step, send } from '../judge/step.ts'

type Lines = Readonly<Record<string, string | readonly string[]>>
type Answer = (asked: AskedByClient) => string

/** A proper answer with some of its lines changed: by name, as they are to stand there; other names add lines. */
function changed(
  lines: Lines | ((asked: AskedByClient) => Lines),
  statusLine = 'HTTP/1.1 101 Switching Protocols',
): Answer {
  return (asked) => {
    const proper: Lines = {
      Upgrade: 'Upgrade: websocket',
      Connection: 'Connection: Upgrade',
      Accept: `Sec-WebSocket-Accept: ${asked.accept}`,
    }
    const all = { ...proper, ...(typeof lines === 'function' ? lines(asked) : lines) }
    return `${[statusLine, ...Object.values(all).flat()].join('\r\n')}\r\n\r\n`
  }
}

function of(
  section: string,
  title: string,
  exchanges: readonly (readonly Step[])[],
  options: SubjectOptions = {},
): ConformanceCase {
  return { section, title, roles: ['client'], fromTheStart: true, options, exchanges }
}

const opened: readonly Step[] = [send({ opcode: 1, payload: 'open' }), echo('open')]

function accepts(
  section: string,
  title: string,
  answers: readonly Answer[],
  options: SubjectOptions = {},
): ConformanceCase {
  return of(
    section,
    title,
    answers.map((each) => [answer(each), ...opened]),
    options,
  )
}

function rejects(
  section: string,
  title: string,
  answers: readonly Answer[],
  options: SubjectOptions = {},
): ConformanceCase {
  return of(
    section,
    title,
    answers.map((each) => [answer(each), handshakeFailed]),
    options,
  )
}

const RULES = 'RFC 6455 §4.1'
const FIELDS = 'RFC 9110 §5'
const HEAD = 'RFC 9112 §2 to §5'

const fields: readonly ConformanceCase[] = [
  accepts(FIELDS, 'names of header fields in the answer may be in any case', [
    changed(({ accept }) => ({
      Upgrade: 'upgrade: websocket',
      Connection: 'connection: Upgrade',
      Accept: `sec-websocket-accept: ${accept}`,
    })),
    changed(({ accept }) => ({
      Upgrade: 'UPGRADE: websocket',
      Connection: 'CONNECTION: Upgrade',
      Accept: `SEC-WEBSOCKET-ACCEPT: ${accept}`,
    })),
  ]),
  accepts(RULES, '"websocket" and "Upgrade" in the answer may be in any case', [
    changed({ Upgrade: 'Upgrade: WebSocket' }),
    changed({ Upgrade: 'Upgrade: WEBSOCKET', Connection: 'Connection: upgrade' }),
  ]),
  accepts(FIELDS, 'header fields of the answer may come in any order, others between them', [
    ({ accept }) =>
      `HTTP/1.1 101 OK\r\nSec-WebSocket-Accept: ${accept}\r\nServer: x\r\nConnection: Upgrade\r\nDate: now\r\nUpgrade: websocket\r\n\r\n`,
  ]),
  accepts(FIELDS, 'white space around values of the answer is spaces and tabs, or none', [
    changed(({ accept }) => ({
      Upgrade: 'Upgrade:websocket',
      Connection: 'Connection:\tUpgrade\t',
      Accept: `Sec-WebSocket-Accept: \t ${accept} \t `,
    })),
  ]),
  accepts(RULES, 'Connection in the answer is a list', [
    changed({ Connection: 'Connection: keep-alive, Upgrade' }),
    changed({ Connection: ['Connection: keep-alive', 'Connection: Upgrade'] }),
    changed({ Connection: 'Connection: ,Upgrade,' }),
  ]),
  accepts(HEAD, 'the reason phrase is no concern of the client', [
    changed({}, 'HTTP/1.1 101 '),
    changed({}, 'HTTP/1.1 101 Whatever You Like'),
    changed({}, 'HTTP/1.1 101 gr\u00fc\u00dfe'),
  ]),
]

const STATUSES = [200, 204, 301, 302, 400, 401, 403, 404, 426, 429, 500, 503]

const wrong: readonly ConformanceCase[] = [
  rejects(
    RULES,
    'another status than 101 fails the handshake, were the rest in order',
    STATUSES.map((status) => changed({}, `HTTP/1.1 ${status} No`)),
  ),
  rejects(RULES, 'a refusal with a body fails the handshake', [
    () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    () => 'HTTP/1.1 500 Oh\r\n\r\nall is lost',
  ]),
  rejects(RULES, 'an answer of HTTP before 1.1 fails the handshake', [
    changed({}, 'HTTP/1.0 101 Switching Protocols'),
    changed({}, 'HTTP/0.9 101 Switching Protocols'),
  ]),
  rejects(RULES, 'an Upgrade that is missing or not "websocket" fails the handshake', [
    changed({ Upgrade: [] }),
    changed({ Upgrade: 'Upgrade: h2c' }),
    changed({ Upgrade: 'Upgrade:' }),
    changed({ Upgrade: 'Upgrade: websocket, h2c' }),
    changed({ Upgrade: 'Upgrade: websocket/13' }),
  ]),
  rejects(RULES, 'a Connection that is missing or without "Upgrade" fails the handshake', [
    changed({ Connection: [] }),
    changed({ Connection: 'Connection: keep-alive' }),
    changed({ Connection: 'Connection: Upgraded' }),
    changed({ Connection: 'Connection:' }),
  ]),
  rejects(RULES, 'a Sec-WebSocket-Accept that is missing or does not match the key fails the handshake', [
    changed({ Accept: [] }),
    changed({ Accept: 'Sec-WebSocket-Accept:' }),
    changed({ Accept: 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
    changed(({ key }) => ({ Accept: `Sec-WebSocket-Accept: ${key}` })),
    changed(({ accept }) => ({ Accept: `Sec-WebSocket-Accept: ${accept.toLowerCase()}` })),
    changed(({ accept }) => ({ Accept: `Sec-WebSocket-Accept: ${accept.slice(0, -1)}` })),
    changed(({ accept }) => ({ Accept: `Sec-WebSocket-Accept: ${accept}=` })),
    changed(({ accept }) => ({ Accept: `Sec-WebSocket-Accept: "${accept}"` })),
  ]),
  rejects('RFC 6455 §4.2.2', 'more than one Sec-WebSocket-Accept fails the handshake', [
    changed(({ accept }) => ({ Accept: [`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Accept: ${accept}`] })),
  ]),
]

const PROTOCOL = 'Sec-WebSocket-Protocol'
const EXTENSIONS = 'Sec-WebSocket-Extensions'

const negotiated: readonly ConformanceCase[] = [
  accepts(
    RULES,
    'a subprotocol that was offered may be selected, or none',
    [
      changed({ P: `${PROTOCOL}: a` }),
      changed({ P: `${PROTOCOL}: b` }),
      changed({ P: `${PROTOCOL}:\tb ` }),
      changed({}),
    ],
    { subprotocols: ['a', 'b'] },
  ),
  rejects(
    RULES,
    'a subprotocol that was not offered fails the handshake; case counts',
    [
      changed({ P: `${PROTOCOL}: c` }),
      changed({ P: `${PROTOCOL}: A` }),
      changed({ P: `${PROTOCOL}: a, b` }),
      changed({ P: `${PROTOCOL}:` }),
    ],
    { subprotocols: ['a', 'b'] },
  ),
  rejects(RULES, 'a subprotocol fails the handshake when none was offered', [changed({ P: `${PROTOCOL}: a` })]),
  rejects(
    'RFC 6455 §11.3.4',
    'more than one Sec-WebSocket-Protocol fails the handshake',
    [changed({ P: [`${PROTOCOL}: a`, `${PROTOCOL}: b`] }), changed({ P: [`${PROTOCOL}: a`, `${PROTOCOL}: a`] })],
    { subprotocols: ['a', 'b'] },
  ),
  rejects(RULES, 'an extension that was not offered fails the handshake', [
    changed({ E: `${EXTENSIONS}: foo` }),
    changed({ E: `${EXTENSIONS}: foo; bar=1` }),
    changed({ E: `${EXTENSIONS}: x-webkit-deflate-frame` }),
  ]),
  rejects('RFC 6455 §9.1', 'malformed extensions fail the handshake', [
    changed({ E: `${EXTENSIONS}: ;` }),
    changed({ E: `${EXTENSIONS}: foo bar` }),
    changed({ E: `${EXTENSIONS}: foo; a="` }),
  ]),
]

const malformed: readonly ConformanceCase[] = [
  rejects(HEAD, 'a malformed status line fails the handshake', [
    changed({}, 'HTTP/1.1 Switching'),
    changed({}, '101 Switching Protocols'),
    changed({}, 'HTTP/1.1  101 Switching'),
    changed({}, 'HTTP/1.1 1010 No'),
    changed({}, 'http/1.1 101 No'),
    changed({}, 'ICY 101 No'),
    () => '\r\n\r\n',
    () => '\u0016\u0003\u0001\r\n\r\n',
  ]),
  rejects(HEAD, 'a folded line in the answer (obs-fold) fails the handshake', [
    changed({ X: ['X-Long: one', ' two'] }),
    changed({ Connection: ['Connection: keep-alive,', '\tUpgrade'] }),
  ]),
  rejects(HEAD, 'a malformed line in the answer fails the handshake', [
    changed({ X: 'nothing' }),
    changed({ X: ': nothing' }),
    changed({ Upgrade: 'Upgrade : websocket' }),
    changed({ X: 'X Y: 1' }),
  ]),
  rejects(FIELDS, 'control characters in a value of the answer fail the handshake', [
    changed({ X: 'X-Nul: a\u0000b' }),
    changed({ X: 'X-Bell: a\u0007b' }),
  ]),
]

/** The answer is as long as this for every key. */
const ANSWER_BYTES = changed({})({ key: '', accept: 'x'.repeat(28), proper: '' }).length
const proper: Answer = ({ proper: head }) => head
const early = { opcode: 1, payload: 'early' }

const arrival: readonly ConformanceCase[] = [
  of(HEAD, 'the answer may come byte by byte', [[answer(proper, 'bytewise'), ...opened]]),
  of(
    HEAD,
    'the answer may be cut into two chunks at every place',
    Array.from({ length: ANSWER_BYTES - 1 }, (_, at) => [answer(proper, [at + 1]), ...opened]),
  ),
  of(RULES, 'frames may stand right behind the answer', [
    [answer(proper, 'together', [early]), echo('early')],
    [answer(proper, 'together', [early, { opcode: 9, payload: 'too' }]), echo('early'), pong('too')],
    [answer(proper, 'bytewise', [early]), echo('early')],
    ...[1, 2, 3, 5].map((bytes) => [answer(proper, [ANSWER_BYTES + bytes], [early]), echo('early')]),
  ]),
  of(RULES, 'a connection that ends before the answer is whole fails the handshake', [
    [answer(() => ''), end, handshakeFailed],
    [answer(() => 'HTTP/1.1 101 Swi'), end, handshakeFailed],
    [answer(({ proper: head }) => head.slice(0, -2)), end, handshakeFailed],
  ]),
  {
    ...of('RFC 9110 §15.2', 'interim answers (1xx) may come before the answer', [
      [answer(({ proper: head }) => `HTTP/1.1 100 Continue\r\n\r\n${head}`), ...opened],
      [
        answer(
          ({ proper: head }) => `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${head}`,
        ),
        ...opened,
      ],
      [answer(({ proper: head }) => `HTTP/1.1 103 Early Hints\r\n\r\n${head}`, 'bytewise'), ...opened],
      [answer(() => 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n'), handshakeFailed],
      [answer(({ proper: head }) => `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(16)}${head}`), ...opened],
      [answer(() => 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)), handshakeFailed],
    ]),
    over: 'network',
  },
]

const limits: readonly ConformanceCase[] = [
  of(
    'RFC 6455 §10.4',
    'an answer above its limit fails the handshake, before its end comes',
    [
      [answer(changed({ X: `X-Long: ${'x'.repeat(8000)}` })), handshakeFailed],
      [answer(() => `HTTP/1.1 101 Switching Protocols\r\nX-Long: ${'x'.repeat(8000)}`), handshakeFailed],
      [answer(() => 'x'.repeat(8000)), handshakeFailed],
    ],
    { maxHeaderBytes: 4096 },
  ),
]

/** The keys of the requests that came. */
const keys: string[] = []

const ownKey: readonly Step[] = [
  answer(proper),
  check('the key', ({ line }) => {
    const key = fieldsOf(line.inbox.head ?? '').get('sec-websocket-key')?.[0] ?? ''
    if (keys.includes(key)) throw new Fault(`it used the key ${key} a second time`)
    keys.push(key)
  }),
]

const requests: readonly ConformanceCase[] = [
  {
    ...of(
      RULES,
      'each request has a key of its own',
      Array.from({ length: 16 }, () => ownKey),
    ),
    over: 'network',
  },
  of(
    RULES,
    'subprotocols are offered in their order',
    [
      [
        answer(proper),
        check('the offer', ({ line }) => {
          const offered = fieldsOf(line.inbox.head ?? '')
            .get('sec-websocket-protocol')
            ?.join(', ')
          if (offered?.replaceAll(' ', '') !== 'c,a,b') throw new Fault(`it offers the subprotocols ${offered}`)
        }),
      ],
    ],
    { subprotocols: ['c', 'a', 'b'] },
  ),
]

/** The opening handshake, as a client has it. */
export const openingHandshakeClient: readonly ConformanceCase[] = [
  ...fields,
  ...wrong,
  ...negotiated,
  ...malformed,
  ...arrival,
  ...limits,
  ...requests,
]
