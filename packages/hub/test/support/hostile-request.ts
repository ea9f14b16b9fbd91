import fc from 'fast-check'

/** Requests, right and wrong, as one client may write them on one connection. */
export interface HostileClient {
  readonly methods: readonly string[]
  /** One character a byte. */
  readonly text: string
  /** How much goes into one write. */
  readonly chunkSize: number
  readonly ending: 'wait' | 'FIN' | 'reset'
}

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString('latin1'))

const method = fc.oneof(
  { weight: 12, arbitrary: pick('GET', 'POST', 'OPTIONS') },
  { weight: 3, arbitrary: pick('HEAD', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'M-SEARCH') },
  { weight: 1, arbitrary: pick('CONNECT', 'get', 'constructor', '__proto__', '', 'G\0T', 'PRI') },
)

const name = fc.oneof(
  pick(
    'a',
    'b',
    'a%2Fb',
    '%F0%9F%98%80',
    '%e2%80%a8',
    '__proto__',
    'constructor',
    'toString',
    '%00',
    '%0d%0aX:y',
    '%',
    '%zz',
  ),
  pick(
    '%ff',
    '%ed%a0%80',
    '..',
    '.',
    '%2e%2e',
    '',
    'a/b',
    '*',
    '>',
    'x'.repeat(300),
    '<script>',
    '"',
    "'",
    '\\',
    '\x80',
    '\t',
  ),
  bytes(20),
)
const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: pick(
      '?',
      '?live=1',
      '?after=',
      '?after=a:1',
      '?after=a:99999999999999999999',
      '?after=a%0d%0ab:1',
      '?after=%ff',
    ),
  },
  { weight: 1, arbitrary: bytes(20).map((text) => `?${text}`) },
)
const target = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, query).map(([channel, search]) => `/channel/${channel}${search}`) },
  { weight: 2, arbitrary: name.map((channel) => `/ws?channel=${channel}`) },
  { weight: 1, arbitrary: name.map((channel) => `http://evil.example/channel/${channel}`) },
  {
    weight: 1,
    arbitrary: pick(
      '/',
      '*',
      '',
      'http://',
      'https://a',
      '//channel/a',
      '/channel/a#b',
      'channel/a',
      '/ws',
      `/channel/${'x'.repeat(20_000)}`,
    ),
  },
)
const version = fc.oneof(
  { weight: 15, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 1, arbitrary: pick('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/1.', 'HTP/1.1', '') },
)

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const BUNDLES: readonly (readonly string[])[] = [
  ['Upgrade: websocket', 'Connection: Upgrade', KEY, 'Sec-WebSocket-Version: 13'],
  [
    'Upgrade: websocket',
    'Connection: Upgrade',
    KEY,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: wigwag.publication.v1',
  ],
  ['Upgrade: websocket', 'Connection: Upgrade'],
  ['Accept: text/event-stream'],
  ['Accept: application/x-ndjson'],
  ['Content-Type: application/json'],
  [],
]
const host = fc.oneof(
  { weight: 10, arbitrary: fc.constant(['Host: localhost']) },
  {
    weight: 1,
    arbitrary: pick(
      [],
      ['Host: evil.example'],
      ['Host:'],
      ['Host: a b'],
      ['Host: localhost', 'Host: evil.example'],
      ['Host: [::1'],
    ),
  },
)
const LINES: readonly string[] = [
  ...['null', 'http://localhost', 'http://evil.example', 'http://localhost, http://evil.example', '\x80', ''].map(
    (text) => `Origin: ${text}`,
  ),
  ...['close', 'keep-alive', 'upgrade', 'upgrade, close', ',,', '\x01'].map((text) => `Connection: ${text}`),
  ...['h2c', 'websocket, h2c', 'WebSocket', '', 'constructor'].map((text) => `Upgrade: ${text}`),
  ...['8', '13, 13', '', 'x'].map((text) => `Sec-WebSocket-Version: ${text}`),
  ...['', 'x', 'AAAAAAAAAAAAAAAAAAAAAA==, x'].map((text) => `Sec-WebSocket-Key: ${text}`),
  ...['constructor', '__proto__=1', 'a; b="', 'permessage-deflate; server_max_window_bits=99', 'a,'.repeat(2000)].map(
    (text) => `Sec-WebSocket-Extensions: ${text}`,
  ),
  ...['constructor', 'a,,b', '', 'a b', 'wigwag.publication.v1, wigwag.publication.v1'].map(
    (text) => `Sec-WebSocket-Protocol: ${text}`,
  ),
  ...['a:1', '', '\x80', 'x'.repeat(5000)].map((text) => `Last-Event-ID: ${text}`),
  ...['text/plain', 'application/json', 'a/b+json', 'application/octet-stream', '', '\xff', ';'].map(
    (text) => `Content-Type: ${text}`,
  ),
  ...['0', '5', '-1', '1e3', '+5', '5, 5', '300000', '99999999999999999999', '0x5', ''].map(
    (text) => `Content-Length: ${text}`,
  ),
  ...['chunked', 'gzip, chunked', 'xchunked', 'chunked, identity', 'identity', ''].map(
    (text) => `Transfer-Encoding: ${text}`,
  ),
  ...['100-continue', 'constructor'].map((text) => `Expect: ${text}`),
  ...[
    'constructor: x',
    '__proto__: x',
    'no colon',
    ': no name',
    'a b: c',
    'X: folded\r\n line',
    'X: \0',
    'X: a\rb',
    'X: a\nb',
    'X\x80: y',
  ],
  'j:\r\n'.repeat(1500).trim(),
  `X: ${'x'.repeat(20_000)}`,
]
const line = fc.oneof({ weight: 8, arbitrary: pick(...LINES) }, { weight: 1, arbitrary: bytes(30) })

const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 4,
    arbitrary: pick(
      'hello',
      '{"a":1}',
      '[',
      '5\r\nhello\r\n0\r\n\r\n',
      '5;x=y\r\nhello\r\n0\r\nT: x\r\n\r\n',
      'zz\r\n',
      'ffffffffffffffff\r\n',
      '-1\r\n',
    ),
  },
  { weight: 1, arbitrary: bytes(60) },
  // A masked text frame, and one whose length has its top bit set.
  { weight: 1, arbitrary: pick('\x81\x81\0\0\0\0x', '\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0') },
)

const request = fc
  .record({
    method,
    target,
    version,
    host,
    bundle: pick(...BUNDLES),
    lines: fc.array(line, { maxLength: 3 }),
    body,
    sized: fc.boolean(),
  })
  .map(({ sized, ...of }) => {
    const length = sized && of.body !== '' ? [`Content-Length: ${of.body.length}`] : []
    const head = [`${of.method} ${of.target} ${of.version}`, ...of.host, ...of.bundle, ...of.lines, ...length]
    return { method: of.method, text: `${head.join('\r\n')}\r\n\r\n${of.body}` }
  })

/** A client that sends up to three requests of which most are nearly right: what is all wrong never gets far. */
export const hostileClient: fc.Arbitrary<HostileClient> = fc
  .record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    chunkSize: fc.oneof(
      { weight: 3, arbitrary: fc.constant(1_000_000) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }) },
    ),
    ending: fc.oneof(
      { weight: 4, arbitrary: fc.constant('wait' as const) },
      { weight: 1, arbitrary: pick('FIN' as const, 'reset' as const) },
    ),
  })
  .map(({ requests, ...rest }) => ({
    ...rest,
    methods: requests.map((each) => each.method),
    text: requests.map((each) => each.text).join(''),
  }))
