import {
  HeadCollector,
  type HeaderFields,
  isToken,
  ProtocolError,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  readQuickUpgrade,
} from '@wigwag/socket/core'
import { latin1, must } from '../../../../tools/fuzz/fuzz-target.ts'
import { readRefusalBody } from '../../src/node/refusal-body.ts'

/** Heads of HTTP messages from chunks of any boundaries (RFC 9112), and the body of a refusal. The first byte cuts. */
export function fuzz(input: Uint8Array): void {
  const bytes = input.subarray(1)
  const maxBytes = 300
  const whole = collect([bytes], maxBytes)
  const cut = collect(chunksOf(bytes, 1 + ((input[0] ?? 0) & 0x3f)), maxBytes)
  must(JSON.stringify(cut) === JSON.stringify(whole), 'in chunks it is collected otherwise than whole')
  if (whole === 'more') must(bytes.length < maxBytes + 4, 'it waits for more than the limit')
  if (whole === 'more' || whole === 'failed') return
  must(whole.text.length <= maxBytes, 'the head is above the limit')
  must(`${whole.text}\r\n\r\n${whole.rest}` === latin1(bytes), 'something was lost')
  const request = parseRequestHead(whole.text)
  checkHead(request)
  checkQuickUpgrade(whole.text, request)
  const response = parseResponseHead(whole.text)
  checkHead(response)
  if (response instanceof ProtocolError) return
  must(response.status >= 0 && response.status <= 999, 'a status has three digits')
  must(readRefusalBody(response, Buffer.from(whole.rest, 'latin1')).length <= 500, 'the body of a refusal is too long')
}

/** What is read in a hurry is what is read with care, or nothing. */
function checkQuickUpgrade(text: string, careful: RequestHead | ProtocolError): void {
  const quick = readQuickUpgrade(`${text}\r\n\r\nrest`)
  if (quick === undefined) return
  if (careful instanceof ProtocolError) throw new Error('a malformed head was read', { cause: careful })
  must(quick.headBytes === text.length + 4, 'the head has another length')
  must(quick.method === careful.method && quick.target === careful.target, 'another request was read')
  must(JSON.stringify([...quick.headers]) === JSON.stringify([...careful.headers]), 'other fields were read')
}

type Collected = 'more' | 'failed' | { text: string; rest: string }

function collect(chunks: readonly Uint8Array[], maxBytes: number): Collected {
  const collector = new HeadCollector(maxBytes)
  for (const [i, chunk] of chunks.entries()) {
    const collected = collector.push(chunk)
    if (collected.step === 'more') continue
    if (collected.step === 'failed') {
      must(collected.error.code === 'ERR_HANDSHAKE_HEAD', () => `${collected.error.code} is not documented`)
      return 'failed'
    }
    const rest = [collected.rest, ...chunks.slice(i + 1)]
    return { text: collected.text, rest: rest.map(latin1).join('') }
  }
  return 'more'
}

function checkHead(head: { readonly headers: HeaderFields } | ProtocolError): void {
  if (head instanceof ProtocolError) {
    must(head.code === 'ERR_HANDSHAKE_HEAD', () => `${head.code} is not documented`)
    must(head.message.length < 1000, 'the error repeats too much')
    return
  }
  for (const [name, value] of head.headers) {
    must(isToken(name) && name === name.toLowerCase(), 'a name is no token in lower case')
    must(!/[\0\r\n]|^[ \t]|[ \t]$/.test(value), 'a value has what would end its line')
    must(head.headers.all(name.toUpperCase()).includes(value), 'a value is not found under its name')
    must(
      head.headers.list(name).every((member) => member !== ''),
      'a list has an empty member',
    )
  }
  must(Object.keys(Object.prototype).length === 0, 'a prototype was touched')
}

function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  return chunks
}

export const seeds: Record<string, string> = {
  'a request': '\x05GET /chat?a=b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\nrest',
  'an upgrade':
    '\x05GET /chat?a=b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n\r\nrest',
  'a response': '\x01HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01a',
  'a status without a phrase': '\x3fHTTP/1.0 404\r\n\r\nnot here',
  'a refusal in chunks':
    '\x07HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nno, \r\n3\r\nno!\r\n0\r\n\r\n',
  'a folded line': '\x02GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
  'a name with a space': '\x02GET / HTTP/1.1\r\nA : b\r\n\r\n',
  'a value with a control character': '\x02GET / HTTP/1.1\r\nA: b\x01\r\n\r\n',
  'names of a prototype': '\x09GET / HTTP/1.1\r\n__proto__: a\r\nconstructor: b\r\n\r\n',
  'a head that never ends': `\x03GET / HTTP/1.1\r\nA: ${'b'.repeat(320)}`,
  'a line that ends with LF alone': '\x01GET / HTTP/1.1\nA: b\n\n\r\n\r\n',
}

export const dictionary: string[] = [
  '\r\n\r\n',
  '\r\n',
  ': ',
  'HTTP/1.1',
  'Transfer-Encoding: chunked',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: a',
  '\r\n0\r\n\r\n',
  '\t',
]
