import type { ConformanceCase, SubjectOptions } from '../judge/conformance-case.ts'
import { properRequest, SAMPLE_KEY } from '../judge/http-heads.ts'
import { accepted, ask, echo, pong, refused, type Step, sendIn } from '../judge/step.ts'

type Lines = Readonly<Record<string, string | readonly string[]>>

function of(
  section: string,
  title: string,
  exchanges: readonly (readonly Step[])[],
  options: SubjectOptions = {},
): ConformanceCase {
  return { section, title, roles: ['server'], fromTheStart: true, options, exchanges }
}

function accepts(section: string, title: string, ...heads: readonly (Lines | string)[]): ConformanceCase {
  return of(
    section,
    title,
    heads.map((head) => [ask(typeof head === 'string' ? head : properRequest(head)), accepted()]),
  )
}

function refuses(
  section: string,
  title: string,
  statuses: readonly number[],
  heads: readonly (Lines | string)[],
  headers: Readonly<Record<string, string>> = {},
): ConformanceCase {
  return of(
    section,
    title,
    heads.map((head) => [ask(typeof head === 'string' ? head : properRequest(head)), refused(statuses, headers)]),
  )
}

const RULES = 'RFC 6455 §4.2.1'
const FIELDS = 'RFC 9110 §5'
const HEAD = 'RFC 9112 §2 to §5'
const lines = properRequest().trimEnd().split('\r\n')
const cased = (change: (name: string) => string): string =>
  `${lines.map((line, i) => (i === 0 ? line : change(line.split(': ')[0] as string) + line.slice(line.indexOf(':')))).join('\r\n')}\r\n\r\n`

/** The proper request with other white space before and behind each value. */
function spaced(before: string, behind: (name: string) => string): string {
  const [requestLine, ...rest] = lines
  const changed = rest.map((line) => line.replace(': ', before) + behind(line.slice(0, line.indexOf(':'))))
  return `${[requestLine, ...changed].join('\r\n')}\r\n\r\n`
}

const fields: readonly ConformanceCase[] = [
  {
    ...accepts(
      FIELDS,
      'a tab behind "Upgrade" is white space, too',
      { Connection: 'Connection: Upgrade\t' },
      { Connection: 'Connection: Upgrade\t, x' },
    ),
    // The HTTP parser of Node skips only spaces there: to it, and so to a server on it, such a request is a plain one.
    over: 'memory',
  },
  accepts(
    FIELDS,
    'names of header fields may be in any case',
    cased((name) => name.toLowerCase()),
    cased((name) => name.toUpperCase()),
    cased((name) => [...name].map((c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase())).join('')),
  ),
  accepts(
    RULES,
    '"websocket" and "Upgrade" may be in any case',
    { Upgrade: 'Upgrade: WebSocket' },
    { Upgrade: 'Upgrade: WEBSOCKET' },
    { Connection: 'Connection: upgrade' },
    { Connection: 'Connection: UPGRADE' },
  ),
  accepts(
    FIELDS,
    'header fields may come in any order, others between them',
    `${[lines[0], ...lines.slice(1).reverse()].join('\r\n')}\r\n\r\n`,
    `${lines.flatMap((line, i) => (i === 0 ? [line] : [line, `X-Other-${i}: ${i}`])).join('\r\n')}\r\n\r\n`,
  ),
  accepts(
    FIELDS,
    'white space around values is spaces and tabs, as many as you like, or none',
    `${lines.map((line, i) => (i === 0 ? line : line.replace(': ', ':'))).join('\r\n')}\r\n\r\n`,
    spaced(':  \t ', (name) => (name === 'Connection' ? '  ' : ' \t')),
    spaced(':\t', (name) => (name === 'Connection' ? '' : '\t')),
  ),
  accepts(
    RULES,
    'Connection and Upgrade are lists, over one line or several, empty members ignored',
    { Connection: 'Connection: keep-alive, Upgrade' },
    { Connection: 'Connection: Upgrade, keep-alive' },
    { Connection: 'Connection: keep-alive,Upgrade' },
    { Connection: 'Connection: keep-alive\t,\tUpgrade' },
    { Connection: ['Connection: keep-alive', 'Connection: Upgrade'] },
    { Connection: 'Connection: ,, Upgrade ,' },
    { Upgrade: 'Upgrade: h2c, websocket' },
    { Upgrade: ['Upgrade: h2c', 'Upgrade: websocket'] },
  ),
  accepts(
    FIELDS,
    'fields that it does not know, empty ones and ones with bytes above 127 are no concern of it',
    { X: 'X-Empty:' },
    { X: 'X-Latin: gr\u00fc\u00dfe' },
    { X: Array.from({ length: 60 }, (_, i) => `X-${i}: ${i}`) },
  ),
]

const requestLines: readonly ConformanceCase[] = [
  accepts(
    'RFC 6455 §3',
    'the resource is a path with a query, or a URL as proxies send it',
    ...['/', '/chat', '/a/b?c=d&e=%20', '/?', '//double', 'http://localhost/chat'].map((target) =>
      properRequest({}, `GET ${target} HTTP/1.1`),
    ),
  ),
  refuses(
    'RFC 6455 §3',
    'a target that is no path and no URL, or has a fragment, is refused',
    [400],
    ['*', 'chat', '/a#b', 'localhost:80'].map((target) => properRequest({}, `GET ${target} HTTP/1.1`)),
  ),
  refuses(
    RULES,
    'another method than GET is refused',
    [400, 405],
    ['POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'get'].map((method) => properRequest({}, `${method} / HTTP/1.1`)),
  ),
  refuses(
    RULES,
    'HTTP before 1.1 is refused',
    [400],
    ['HTTP/1.0', 'HTTP/0.9'].map((version) => properRequest({}, `GET / ${version}`)),
  ),
  refuses(
    HEAD,
    'a malformed request line is refused',
    [400],
    [
      'GET /',
      'GET / HTTP/1.1 x',
      'GET / HTTP/x',
      'GET / FTP/1.1',
      'GET / http/1.1',
      'G@T / HTTP/1.1',
      'GET /a b HTTP/1.1',
    ].map((line) => properRequest({}, line)),
  ),
]

const malformed: readonly ConformanceCase[] = [
  refuses(
    HEAD,
    'a folded line (obs-fold) is refused',
    [400],
    [
      { X: ['X-Long: one', ' two'] },
      { X: ['X-Long: one', '\ttwo'] },
      { Connection: ['Connection: keep-alive,', ' Upgrade'] },
    ],
  ),
  refuses(
    HEAD,
    'white space before the colon is refused',
    [400],
    [{ Upgrade: 'Upgrade : websocket' }, { X: 'X-Other\t: 1' }],
  ),
  refuses(
    HEAD,
    'a line without a name or without a colon is refused',
    [400],
    [{ X: ': nothing' }, { X: 'nothing' }, { X: 'X(: 1' }, { X: 'X\u00fc: 1' }, { X: 'X Y: 1' }],
  ),
  refuses(
    FIELDS,
    'control characters in a value are refused',
    [400],
    [{ X: 'X-Nul: a\u0000b' }, { X: 'X-Bell: a\u0007b' }, { X: 'X-Del: a\u007fb' }],
  ),
]

const hosts: readonly ConformanceCase[] = [
  accepts(
    RULES,
    'Host may have a port',
    { Host: 'Host: localhost:8080' },
    { Host: 'Host: 127.0.0.1:1' },
    { Host: 'Host: [::1]:65535' },
    { Host: 'Host: LOCALHOST' },
  ),
  refuses(RULES, 'a request without Host is refused', [400], [{ Host: [] }]),
  refuses(
    RULES,
    'more than one Host is refused, were they the same',
    [400],
    [{ Host: ['Host: localhost', 'Host: localhost'] }, { Host: ['Host: localhost', 'Host: other'] }],
  ),
  refuses(
    RULES,
    'a malformed Host is refused',
    [400],
    ['', 'a b', 'user@localhost', 'localhost:port', 'localhost/path', '[::1', 'a,b:1:2'].map((host) => ({
      Host: `Host: ${host}`,
    })),
  ),
]

const upgrades: readonly ConformanceCase[] = [
  refuses(
    RULES,
    'Upgrade without "websocket" is refused',
    [400, 404, 426],
    [
      { Upgrade: [] },
      { Upgrade: 'Upgrade: h2c' },
      { Upgrade: 'Upgrade: websockets' },
      { Upgrade: 'Upgrade: web socket' },
      { Upgrade: 'Upgrade:' },
    ],
  ),
  refuses(
    RULES,
    'Connection without "Upgrade" is refused',
    [400, 404, 426],
    [
      { Connection: [] },
      { Connection: 'Connection: keep-alive' },
      { Connection: 'Connection: Upgraded' },
      { Connection: 'Connection: Up grade' },
    ],
  ),
]

const KEY = 'Sec-WebSocket-Key'
const keys: readonly ConformanceCase[] = [
  refuses(RULES, 'a request without a key is no upgrade to WebSocket', [400, 404, 426], [{ [KEY]: [] }]),
  refuses(
    RULES,
    'a key that is not 16 bytes is refused',
    [400],
    [
      '',
      '=',
      '==',
      'dGhlIHNhbXBsZSBub25j',
      'dGhlIHNhbXBsZSBub25jZQ',
      'dGhlIHNhbXBsZSBub25jZQ=',
      'dGhlIHNhbXBsZSBub25jZWU=',
      'dGhlIHNhbXBsZSBub25jZWVl',
      'dGhlIHNhbXBsZSBub25jZQ===',
      `${SAMPLE_KEY}${SAMPLE_KEY}`,
    ].map((key) => ({ [KEY]: `${KEY}: ${key}` })),
  ),
  refuses(
    RULES,
    'a key with characters that are not base64 is refused',
    [400],
    [
      'dGhlIHNhbXBsZSBub25j-Q==',
      'dGhlIHNhbXBsZSBub25j_Q==',
      'dGhlIHNhbXBsZSBub25 ZQ==',
      'dGhlIHNhbXBsZSBub25j.Q==',
      'dGhlIHNhbXBsZSBub25=ZQ==',
      'dGhlIHNhbXBsZSBub25jZ\u00fc==',
    ].map((key) => ({ [KEY]: `${KEY}: ${key}` })),
  ),
  refuses(
    RULES,
    'more than one key is refused',
    [400],
    [{ [KEY]: [`${KEY}: ${SAMPLE_KEY}`, `${KEY}: ${SAMPLE_KEY}`] }],
  ),
  accepts(
    'RFC 6455 §4.2.2',
    'the key is answered as it was sent, whatever its digits are',
    ...[
      'AAAAAAAAAAAAAAAAAAAAAA==',
      '//////////////////////==',
      '+/+/+/+/+/+/+/+/+/+/+w==',
      'dGhlIHNhbXBsZSBub25jZR==',
    ].map((key) => ({ [KEY]: `${KEY}: ${key}` })),
  ),
]

const VERSION = 'Sec-WebSocket-Version'
const versions: readonly ConformanceCase[] = [
  refuses(
    'RFC 6455 §4.4',
    'another version than 13 is refused, and 13 is named',
    [400, 426],
    ['0', '8', '12', '14', '113', '013', '13.0', '+13', '1 3', 'thirteen', '13, 8'].map((version) => ({
      [VERSION]: `${VERSION}: ${version}`,
    })),
    { 'sec-websocket-version': '13' },
  ),
  refuses(
    'RFC 6455 §4.4',
    'no version, or more than one, is refused, and 13 is named',
    [400, 426],
    [
      { [VERSION]: [] },
      { [VERSION]: [`${VERSION}: 13`, `${VERSION}: 13`] },
      { [VERSION]: [`${VERSION}: 13`, `${VERSION}: 8`] },
    ],
    { 'sec-websocket-version': '13' },
  ),
]

const PROTOCOL = 'Sec-WebSocket-Protocol'
/** What a server that speaks b and c answers to an offer. */
function selects(
  title: string,
  subprotocol: string | undefined,
  ...offers: readonly (string | readonly string[])[]
): ConformanceCase {
  return of(
    'RFC 6455 §4.2.2',
    title,
    offers.map((offer) => [
      ask(properRequest({ P: [offer].flat().map((value) => `${PROTOCOL}: ${value}`) })),
      accepted({ subprotocol }),
    ]),
    { subprotocols: ['b', 'c'] },
  )
}

const subprotocols: readonly ConformanceCase[] = [
  selects(
    'of the offered subprotocols the first that it speaks is selected',
    'b',
    'b',
    'a, b',
    'a,b,c',
    'b, c',
    ['a', 'b'],
    'a ,\tb',
  ),
  selects('the order of the offer counts, not that of the server', 'c', 'c, b', 'a, c, b', ['c', 'b']),
  selects('none is selected when it speaks none of them; case counts', undefined, 'a', 'B', 'bb', 'a, d'),
  of('RFC 6455 §4.2.2', 'none is selected when none is offered', [[ask(properRequest()), accepted()]], {
    subprotocols: ['b', 'c'],
  }),
  refuses(
    'RFC 6455 §4.1',
    'subprotocols that are no tokens, twice the same, or none at all are refused',
    [400],
    ['a b', 'a/b', '"b"', 'a, b, a', '', ' , '].map((value) => ({ P: `${PROTOCOL}: ${value}` })),
  ),
]

const EXTENSIONS = 'Sec-WebSocket-Extensions'
const extensions: readonly ConformanceCase[] = [
  accepts(
    'RFC 6455 §9.1',
    'extensions that it does not know are not agreed to',
    ...['foo', 'foo; bar', 'foo; bar=1; baz="2"', 'foo, bar; a=b', 'foo , , bar', 'permessage-deflate-x'].map(
      (value) => ({ E: `${EXTENSIONS}: ${value}` }),
    ),
    { E: [`${EXTENSIONS}: foo`, `${EXTENSIONS}: bar`] },
  ),
  refuses(
    'RFC 6455 §9.1',
    'a malformed offer of extensions is refused',
    [400],
    ['; a', 'foo; =1', 'foo; a=', 'foo bar', 'foo; a="1', 'foo; a="b c"', 'foo; a==1', 'foo;'].map((value) => ({
      E: `${EXTENSIONS}: ${value}`,
    })),
  ),
]

const origins: readonly ConformanceCase[] = [
  accepts(
    'RFC 6455 §10.2',
    'pages of the same origin, and programs without one, may connect',
    {},
    { O: 'Origin: http://localhost' },
  ),
  refuses(
    'RFC 6455 §10.2',
    'pages of other origins may not',
    [403],
    [
      'http://evil.example',
      'http://localhost.evil.example',
      'http://localhost:81',
      'null',
      'localhost',
      'ftp://localhost',
    ].map((origin) => ({ O: `Origin: ${origin}` })),
  ),
  refuses(
    'RFC 6455 §10.2',
    'more than one Origin is refused',
    [400, 403],
    [{ O: ['Origin: http://localhost', 'Origin: http://localhost'] }],
  ),
]

const bodies: readonly ConformanceCase[] = [
  accepts(HEAD, 'a Content-Length of 0 announces nothing', { L: 'Content-Length: 0' }),
  refuses(
    HEAD,
    'a request that announces a body is refused: it would be taken for frames',
    [400],
    [{ L: 'Content-Length: 5' }, { L: 'Transfer-Encoding: chunked' }],
  ),
]

const request = properRequest()
const frame = { opcode: 1, payload: 'early' }
const arrival: readonly ConformanceCase[] = [
  of(HEAD, 'the request may come byte by byte', [[ask(request, 'bytewise'), accepted()]]),
  of(
    HEAD,
    'the request may be cut into two chunks at every place',
    Array.from({ length: request.length - 1 }, (_, at) => [ask(request, [at + 1]), accepted()]),
  ),
  of('RFC 6455 §4.1', 'frames may stand right behind the request', [
    [ask(request, 'together', [frame]), accepted(), echo('early')],
    [ask(request, 'together', [frame, { opcode: 9, payload: 'too' }]), accepted(), echo('early'), pong('too')],
    [ask(request, 'bytewise', [frame]), accepted(), echo('early')],
    ...[1, 2, 5, 8, 10].map((bytes) => [ask(request, [request.length + bytes], [frame]), accepted(), echo('early')]),
    [ask(request, 'together', [{ ...frame, until: 2 }]), accepted(), sendRestOf(2), echo('early')],
  ]),
]

function sendRestOf(from: number): Step {
  return { do: 'send rest', payload: Buffer.from('early'), from, to: 5 }
}

const limits: readonly ConformanceCase[] = [
  of(
    'RFC 6455 §10.4',
    'a request head above its limit is refused, be it one line or many',
    [
      [ask(properRequest({ X: `X-Long: ${'x'.repeat(8000)}` })), refused([431])],
      [ask(properRequest({ X: Array.from({ length: 400 }, (_, i) => `X-${i}: ${'x'.repeat(20)}`) })), refused([431])],
      [ask(properRequest({}, `GET /${'x'.repeat(8000)} HTTP/1.1`)), refused([431])],
    ],
    { maxHeaderBytes: 4096 },
  ),
  of(
    'RFC 6455 §10.4',
    'a request head above its limit is refused before its end comes',
    [[ask(`${request.trimEnd()}\r\nX-Long: ${'x'.repeat(8000)}`), refused([431])]],
    { maxHeaderBytes: 4096 },
  ),
  of(
    'RFC 6455 §10.4',
    'a request head below its limit passes, frames behind it not counted',
    [
      [ask(properRequest({ X: `X-Long: ${'x'.repeat(3000)}` })), accepted(), sendIn('together', frame), echo('early')],
      [
        ask(properRequest({ X: `X-Long: ${'x'.repeat(3000)}` }), 'together', [
          { opcode: 1, payload: 'y'.repeat(5000) },
        ]),
        accepted(),
        echo('y'.repeat(5000)),
      ],
    ],
    { maxHeaderBytes: 4096 },
  ),
]

/** The opening handshake, as a server has it. */
export const openingHandshakeServer: readonly ConformanceCase[] = [
  ...fields,
  ...requestLines,
  ...malformed,
  ...hosts,
  ...upgrades,
  ...keys,
  ...versions,
  ...subprotocols,
  ...extensions,
  ...origins,
  ...bodies,
  ...arrival,
  ...limits,
]
