import { nodeDeflate } from '@wigwag/socket'
import {
  answerExtensions,
  ClientHandshake,
  type ExtensionParameters,
  encodeUpgradeResponse,
  judgeUpgrade,
  type MessageExtension,
  PerMessageDeflate,
  ProtocolError,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  type UpgradeAgreement,
  type UpgradeWish,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const NONCE = Uint8Array.from('the sample nonce', (character) => character.charCodeAt(0))
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const deflate = new PerMessageDeflate({ serverMaxWindowBits: 15, clientMaxWindowBits: 15 }, nodeDeflate)

/** An extension that offers `parameters` and takes no answer. */
const wanting = (parameters: ExtensionParameters): MessageExtension => ({
  name: 'a',
  reservedBit: 4,
  offer: () => [parameters],
  accept: () => undefined,
  confirm: () => ({ fault: 'no answer suits it' }),
})

const open = (wish: Partial<UpgradeWish> = {}): ClientHandshake =>
  new ClientHandshake({ target: '/chat?a=b', host: 'server.example.com:81', ...wish }, NONCE)

test('§4.1 step 7 the key is known to who sends the request by other means', () => {
  expect(open().key).toBe('dGhlIHNhbXBsZSBub25jZQ==')
})

describe('§4.1 the request', () => {
  test('is the one of the RFC', () => {
    expect(
      open({
        subprotocols: ['chat', 'superchat'],
        extensions: [deflate],
        headers: { Origin: 'http://a' },
      }).encodeRequest(),
    ).toBe(
      [
        'GET /chat?a=b HTTP/1.1',
        'Host: server.example.com:81',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Protocol: chat,superchat',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
        'Origin: http://a',
        '\r\n',
      ].join('\r\n'),
    )
  })

  test.each<[string, Partial<UpgradeWish>]>([
    ['a target that is no path', { target: 'chat' }],
    ['a target with a line break', { target: '/ HTTP/1.1\r\nHost: evil\r\n' }],
    ['a target with a fragment', { target: '/#a' }],
    ['a target above ASCII', { target: '/é' }],
    ['an empty host', { host: '' }],
    ['a host with a line break', { host: 'a\r\nb: c' }],
    ['a subprotocol that is no token', { subprotocols: ['a b'] }],
    ['an empty subprotocol', { subprotocols: [''] }],
    ['a subprotocol twice', { subprotocols: ['a', 'a'] }],
    ['a header name with a line break', { headers: { 'a\r\nb': 'c' } }],
    ['a header value with a line break', { headers: { a: 'b\r\nc: d' } }],
    ['a header of the handshake itself', { headers: { 'sec-WebSocket-KEY': 'a' } }],
    ['an Upgrade of its own', { headers: { Upgrade: 'h2c' } }],
  ])('%s is refused before anything is sent', (_name, wish) => {
    expect(() => open(wish).encodeRequest()).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', name: 'UsageError' }),
    )
  })

  test('an extension with a line break is refused before anything is sent', () => {
    const extensions = [wanting([['b', 'c\r\nd: e']])]
    expect(() => open({ extensions }).encodeRequest()).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
  })
})

const GOOD: Readonly<Record<string, string | readonly string[]>> = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Accept': ACCEPT,
}

function judge(
  fields: Readonly<Record<string, string | readonly string[]>>,
  wish: Partial<UpgradeWish> = {},
  line = 'HTTP/1.1 101 Switching Protocols',
): UpgradeAgreement | ProtocolError {
  const lines = Object.entries({ ...GOOD, ...fields }).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`),
  )
  return open(wish).judge(parseResponseHead([line, ...lines].join('\r\n')) as ResponseHead)
}

describe('§4.1 the response is accepted', () => {
  test.each([
    ['as it should be', {}],
    ['in other spelling', { Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade' }],
  ])('%s', (_name, fields) => {
    expect(judge(fields)).toEqual({ subprotocol: undefined, extensions: [] })
  })

  test('with a subprotocol and an extension that were offered', () => {
    const fields = {
      'Sec-WebSocket-Protocol': 'b',
      'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover',
    }
    expect(judge(fields, { subprotocols: ['a', 'b'], extensions: [deflate] })).toMatchObject({
      subprotocol: 'b',
      extensions: [{ name: 'permessage-deflate', parameters: [['server_no_context_takeover', undefined]] }],
    })
  })
})

describe('§4.1 the response fails the connection', () => {
  test.each<[string, Readonly<Record<string, string | readonly string[]>>, string]>([
    ['item 2: no Upgrade', { Upgrade: [] }, 'Upgrade is not "websocket"'],
    ['item 2: another Upgrade', { Upgrade: 'h2c' }, 'Upgrade is not "websocket"'],
    ['item 2: Upgrade with another protocol beside it', { Upgrade: 'websocket, h2c' }, 'Upgrade is not "websocket"'],
    ['item 2: two Upgrades', { Upgrade: ['websocket', 'websocket'] }, 'Upgrade is not "websocket"'],
    ['item 3: no Connection', { Connection: [] }, 'Connection does not list "Upgrade"'],
    ['item 3: another Connection', { Connection: 'close' }, 'Connection does not list "Upgrade"'],
    ['item 4: no accept', { 'Sec-WebSocket-Accept': [] }, 'Sec-WebSocket-Accept does not match'],
    ['item 4: a wrong accept', { 'Sec-WebSocket-Accept': ACCEPT.toLowerCase() }, 'does not match'],
    ['item 4: two accepts', { 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] }, 'does not match'],
    ['item 5: an extension that was not offered', { 'Sec-WebSocket-Extensions': 'foo' }, 'the extension foo'],
    [
      'item 5: constructor as an extension',
      { 'Sec-WebSocket-Extensions': 'constructor' },
      'constructor, which was not',
    ],
    ['item 5: malformed extensions', { 'Sec-WebSocket-Extensions': 'a;;' }, 'is malformed: at character 3'],
    [
      'item 6: a subprotocol that was not offered',
      { 'Sec-WebSocket-Protocol': 'chat' },
      '"chat", which was not offered',
    ],
    ['item 6: an empty subprotocol', { 'Sec-WebSocket-Protocol': '' }, '"", which was not offered'],
    ['item 6: two subprotocols', { 'Sec-WebSocket-Protocol': ['a', 'a'] }, 'more than one subprotocol'],
  ])('%s', (_name, fields, message) => {
    const fault = judge(fields)
    expect(fault).toBeInstanceOf(ProtocolError)
    expect(fault).toMatchObject({ code: 'ERR_HANDSHAKE_RESPONSE', closeCode: 1006 })
    expect((fault as ProtocolError).message).toContain(message)
  })

  test('item 6: among offered subprotocols, case matters', () => {
    expect(judge({ 'Sec-WebSocket-Protocol': 'Chat' }, { subprotocols: ['chat'] })).toBeInstanceOf(ProtocolError)
  })

  test('HTTP/1.0', () => {
    expect(judge({}, {}, 'HTTP/1.0 101 Switching Protocols')).toMatchObject({ code: 'ERR_HANDSHAKE_RESPONSE' })
  })

  test.each([
    ['HTTP/1.1 200 OK', 'HTTP 200 OK.'],
    ['HTTP/1.1 301', 'HTTP 301.'],
    ['HTTP/1.1 403 Forbidden', 'HTTP 403 Forbidden.'],
    ['HTTP/1.1 100 Continue', 'HTTP 100 Continue.'],
  ])('item 1: %s is a refusal, and is quoted', (line, message) => {
    const fault = judge({}, {}, line)
    expect(fault).toMatchObject({ code: 'ERR_HANDSHAKE_REFUSED', closeCode: 1006 })
    expect((fault as ProtocolError).message).toContain(message)
  })
})

test('§4 a client and a server of ours agree', () => {
  const handshake = open({ subprotocols: ['a', 'b'], extensions: [deflate] })
  const request = parseRequestHead(handshake.encodeRequest().slice(0, -4)) as RequestHead
  const verdict = judgeUpgrade(request, { origins: 'same-origin', hosts: 'any' })
  if (!verdict.ok) return expect.unreachable(verdict.refusal.message)
  const text = encodeUpgradeResponse(verdict.offer, {
    subprotocol: 'b',
    extensions: answerExtensions(verdict.offer.extensions, [deflate]).answer,
  })
  expect(handshake.judge(parseResponseHead(text.slice(0, -4)) as ResponseHead)).toMatchObject({
    subprotocol: 'b',
    extensions: [{ name: 'permessage-deflate', parameters: [] }],
  })
})
