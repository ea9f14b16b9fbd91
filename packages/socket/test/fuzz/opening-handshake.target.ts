import {
  acceptKey,
  ClientHandshake,
  encodeUpgradeResponse,
  isOwnOrigin,
  judgeUpgrade,
  type MessageCodec,
  type MessageExtension,
  originForm,
  ProtocolError,
  parseHost,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  requestedHost,
  selectSubprotocol,
  type UpgradePolicy,
} from '@wigwag/socket/core'
import { latin1, must } from '../../../../tools/fuzz/fuzz-target.ts'

/** What is made of heads, of requests and of responses: RFC 6455 §4, with Host and Origin. The first byte is the policy. */
export function fuzz(input: Uint8Array): void {
  const text = latin1(input.subarray(1))
  const request = parseRequestHead(text)
  if (!(request instanceof ProtocolError))
    judgeRequest(request, POLICIES[(input[0] ?? 0) % POLICIES.length] as UpgradePolicy)
  const response = parseResponseHead(text)
  if (response instanceof ProtocolError) return
  const agreed = handshake.judge(response)
  if (agreed instanceof ProtocolError) {
    must(['ERR_HANDSHAKE_REFUSED', 'ERR_HANDSHAKE_RESPONSE'].includes(agreed.code), () => `${agreed.code}`)
    must(agreed.message.length < 2000, 'the error repeats too much')
    return
  }
  must(response.status === 101 && response.headers.get('sec-websocket-accept') === ACCEPT, 'a wrong response passed')
  must(agreed.subprotocol === undefined || WISHED.includes(agreed.subprotocol), 'a subprotocol that was not offered')
  must(
    agreed.extensions.every(({ name }) => name === 'x'),
    'an extension that was not offered',
  )
}

const ORIGIN = 'https://app.example.com'
const POLICIES: readonly UpgradePolicy[] = [
  { origins: 'any', hosts: 'any' },
  { origins: 'same-origin', hosts: ['localhost', '[::1]'] },
  { origins: [ORIGIN], hosts: 'any', peer: { address: '10.0.0.1', trusted: true } },
  { origins: [ORIGIN], hosts: ['a'], peer: { address: '10.0.0.1', trusted: false } },
]

const WISHED = ['chat', 'wigwag.publication.v1']
const EXTENSION: MessageExtension = {
  name: 'x',
  reservedBit: 2,
  offer: () => [[]],
  accept: () => undefined,
  confirm: (answered) => (answered.length > 1 ? { fault: 'it has two parameters' } : { codec: CODEC }),
}
const CODEC: MessageCodec = { encode: () => undefined, decode: (payload) => payload }
const handshake = new ClientHandshake(
  { target: '/', host: 'a', subprotocols: WISHED, extensions: [EXTENSION] },
  Uint8Array.from({ length: 16 }, (_, i) => i),
)
const KEY = 'AAECAwQFBgcICQoLDA0ODw=='
const ACCEPT = acceptKey(KEY)

function judgeRequest(request: RequestHead, policy: UpgradePolicy): void {
  const { headers } = request
  // A target that was accepted is a path; everything behind builds on that.
  const target = originForm(request.target)
  const verdict = judgeUpgrade(request, policy)
  if (!verdict.ok) {
    const { status, message } = verdict.refusal
    must([400, 403, 405, 426].includes(status), () => `status ${status} is not documented`)
    must(message !== '' && message.length < 4000, 'the refusal says nothing, or too much')
    return
  }
  must(target.startsWith('/'), () => `${JSON.stringify(target)} is no path`)
  const host = headers.get('host') ?? ''
  const name = parseHost(host)?.name
  must(name !== undefined, () => `the malformed Host ${host} passed`)
  must(policy.hosts === 'any' || policy.hosts.includes(name), () => `Host ${host} passed`)
  const origin = headers.get('origin')
  if (origin !== undefined && policy.origins !== 'any') {
    const isListed = policy.origins !== 'same-origin' && policy.origins.includes(origin)
    must(isListed || isOwnOrigin(origin, headers, policy.peer), () => `Origin ${origin} passed`)
    if (!isListed)
      must(hostOf(origin) === hostOf(`x://${requestedHost(headers, policy.peer ?? UNKNOWN).value}`), 'not its own')
  }
  const { offer } = verdict
  const subprotocol = selectSubprotocol(offer.subprotocols, WISHED)
  const answer = parseResponseHead(
    encodeUpgradeResponse(offer, { subprotocol, extensions: offer.extensions }).slice(0, -4),
  )
  must(!(answer instanceof ProtocolError), 'our own response is malformed')
  must(answer.headers.all('sec-websocket-protocol').length <= 1, 'our own response has two subprotocols')
  must(answer.headers.get('sec-websocket-accept')?.length === 28, 'our own response accepts nothing')
}

const UNKNOWN = { address: '', trusted: false }

/** The host of a URL, by other means than those of the code under test. */
function hostOf(url: string): string {
  const authority = url.slice(url.indexOf('//') + 2).toLowerCase()
  return authority.startsWith('[')
    ? authority.slice(0, authority.indexOf(']') + 1)
    : (authority.split(':')[0] as string)
}

const head = (first: number, ...lines: string[]): Uint8Array =>
  Buffer.from(`${String.fromCharCode(first)}${lines.join('\r\n')}`, 'latin1')
const UPGRADE = [
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
]

export const seeds: Record<string, Uint8Array> = {
  'a request of a program': head(0, 'GET /chat HTTP/1.1', 'Host: a:80', ...UPGRADE),
  'a request of a page': head(1, 'GET / HTTP/1.1', 'Host: localhost:8000', 'Origin: http://localhost:8000', ...UPGRADE),
  'a page behind a proxy': head(
    2,
    'GET / HTTP/1.1',
    'Host: inside',
    'X-Forwarded-Host: evil, app',
    'Origin: https://app:443',
    ...UPGRADE,
  ),
  'a proxy that is not ours': head(
    3,
    'GET / HTTP/1.1',
    'Host: a',
    'X-Forwarded-Host: b',
    'Origin: http://b',
    ...UPGRADE,
  ),
  'a page that is listed': head(3, 'GET / HTTP/1.1', 'Host: a', `Origin: ${ORIGIN}`, ...UPGRADE),
  'subprotocols and extensions': head(
    0,
    'GET http://a/b?c HTTP/1.1',
    'Host: a',
    'Sec-WebSocket-Protocol: other, chat',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x;y="z"',
    ...UPGRADE,
  ),
  'a form of another site': head(1, 'GET / HTTP/1.1', 'Host: localhost', 'Sec-Fetch-Site: cross-site', ...UPGRADE),
  'a request with a body': head(0, 'GET / HTTP/1.1', 'Host: a', 'Content-Length: 5', ...UPGRADE),
  'no GET': head(0, 'POST / HTTP/1.1', 'Host: a', ...UPGRADE),
  'HTTP/1.0': head(0, 'GET / HTTP/1.0', 'Host: a', ...UPGRADE),
  'no Host': head(0, 'GET / HTTP/1.1', ...UPGRADE),
  'an IPv6 Host': head(1, 'GET / HTTP/1.1', 'Host: [::1]:8000', 'Origin: http://[::1]:8000', ...UPGRADE),
  'another version': head(
    0,
    'GET / HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 8',
  ),
  'two keys': head(0, 'GET / HTTP/1.1', 'Host: a', ...UPGRADE, `Sec-WebSocket-Key: ${KEY}`),
  'an acceptance': head(
    0,
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: WebSocket',
    'Connection: upgrade',
    `Sec-WebSocket-Accept: ${ACCEPT}`,
    'Sec-WebSocket-Protocol: chat',
    'Sec-WebSocket-Extensions: x',
  ),
  'an acceptance of another key': head(
    0,
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  ),
  'a refusal': head(0, 'HTTP/1.1 403 Forbidden', 'Content-Length: 2'),
}

export const maxInputBytes = 700

export const dictionary: string[] = [
  '\r\n',
  ...UPGRADE.map((line) => `\r\n${line}`),
  '\r\nHost: a',
  '\r\nHost: localhost',
  '\r\nOrigin: null',
  '\r\nX-Forwarded-Host: ',
  '\r\nX-Forwarded-For: ',
  'https://',
  ':443',
  ':80',
  '@',
  '%00',
  '\\',
]
