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
export function encodeUpgradeRequest(port: number, target: string, key: string): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')
}

/** What is wrong with the head that answered the upgrade; nothing when it is right. */
export function checkUpgradeAnswer(head: string, accept: string): string | undefined {
  const [first = '', ...fields] = head.split('\r\n')
  if (!first.startsWith('HTTP/1.1 101 ')) return `the upgrade was answered with "${first}"`
  const values = new Map(fields.map((field) => [field.split(':', 1)[0]?.toLowerCase(), field.replace(/^.*?:\s*/, '')]))
  if (values.get('sec-websocket-accept') !== accept) return 'the upgrade was answered with a wrong accept value'
  if (values.has('sec-websocket-extensions')) return 'the upgrade was answered with an extension that was not offered'
  return undefined
}
