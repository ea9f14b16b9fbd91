import { Fault } from './fault.ts'

/** The key of RFC 6455 §1.3. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Header lines of a proper request, by name. */
const REQUEST_LINES: Readonly<Record<string, string>> = {
  Host: 'Host: localhost',
  Upgrade: 'Upgrade: websocket',
  Connection: 'Connection: Upgrade',
  'Sec-WebSocket-Key': `Sec-WebSocket-Key: ${SAMPLE_KEY}`,
  'Sec-WebSocket-Version': 'Sec-WebSocket-Version: 13',
}

/**
 * A proper upgrade request with some of its lines changed: by name, one line or several as they are to stand there, none
 * to leave it out; other names add lines at the end.
 */
export function properRequest(
  changed: Readonly<Record<string, string | readonly string[]>> = {},
  requestLine: string = 'GET / HTTP/1.1',
): string {
  const lines = { ...REQUEST_LINES, ...changed }
  return `${[requestLine, ...Object.values(lines).flat()].join('\r\n')}\r\n\r\n`
}

/** The values of each header field of a head, by lower-case name, one per line. Throws `Fault` for a line that is none. */
export function fieldsOf(head: string): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon < 1 || /[^\w-]/.test(line.slice(0, colon)))
      throw new Fault(`it sent the header line ${JSON.stringify(line)}`)
    const name = line.slice(0, colon).toLowerCase()
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  return fields
}

/** Judges a client's request by RFC 6455 §4.1. Throws `Fault`. */
export function checkRequest(head: string): void {
  if (!/^GET \/[\x21-\x7e]* HTTP\/1\.1\r\n/.test(head))
    throw new Fault(`its request line is ${JSON.stringify(head.split('\r\n')[0])}`)
  const fields = fieldsOf(head)
  const one = (name: string): string => {
    const values = fields.get(name) ?? []
    if (values.length !== 1) throw new Fault(`its request has ${values.length} ${name} headers (§4.1)`)
    return values[0] as string
  }
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(one('host'))) throw new Fault(`its Host is ${one('host')} (§4.1)`)
  if (one('upgrade').toLowerCase() !== 'websocket') throw new Fault('its Upgrade is not "websocket" (§4.1)')
  if (!/(?:^|[ ,])upgrade(?:[ ,]|$)/i.test(one('connection'))) throw new Fault('its Connection has no "Upgrade" (§4.1)')
  if (one('sec-websocket-version') !== '13') throw new Fault('its Sec-WebSocket-Version is not 13 (§4.1)')
  const key = one('sec-websocket-key')
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key) || Buffer.from(key, 'base64').toString('base64') !== key) {
    throw new Fault('its Sec-WebSocket-Key is not 16 bytes in base64 (§4.1)')
  }
  if (fields.has('content-length') || fields.has('transfer-encoding')) throw new Fault('its request announces a body')
}

/** Whether two values of Sec-WebSocket-Extensions agree on the same, whatever the order of parameters. */
export function sameExtensions(one: string | undefined, other: string | undefined): boolean {
  return canonical(one) === canonical(other)
}

function canonical(value: string | undefined): string | undefined {
  return value
    ?.split(',')
    .map((extension) => {
      const [name = '', ...parameters] = extension.split(';').map((part) => part.trim())
      return [name, ...parameters.sort()].join(';')
    })
    .join(',')
}
