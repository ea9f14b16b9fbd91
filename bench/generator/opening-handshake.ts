import { createHash, randomBytes } from 'node:crypto'

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A key for one upgrade, and the accept value that must answer it (RFC 6455 §4.2.2). */
export interface HandshakeKey {
  readonly key: string
  readonly accept: string
}

/** A fresh random key. */
export function createHandshakeKey(): HandshakeKey {
  const key = randomBytes(16).toString('base64')
  return { key, accept: createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64') }
}

/** The request that asks for the upgrade. */
export function encodeUpgradeRequest(port: number, target: string, key: string, extensions?: string): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '\r\n',
  ].join('\r\n')
}

/** The extensions in the head that answered the upgrade, or what is wrong with it. */
export function readUpgradeAnswer(
  head: string,
  accept: string,
): { readonly extensions: string | undefined } | { readonly fault: string } {
  const [first = '', ...fields] = head.split('\r\n')
  if (!first.startsWith('HTTP/1.1 101 ')) return { fault: `the upgrade was answered with "${first}"` }
  const values = new Map(fields.map((field) => [field.split(':', 1)[0]?.toLowerCase(), field.replace(/^.*?:\s*/, '')]))
  if (values.get('sec-websocket-accept') !== accept) {
    return { fault: 'the upgrade was answered with a wrong accept value' }
  }
  return { extensions: values.get('sec-websocket-extensions') }
}
