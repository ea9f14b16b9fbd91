import { HubError } from '@wigwag/hub'
import { type HttpHooksOptions, httpHooks } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { forwardedHeaders } from '../../src/node/http-hooks/forwarded-headers.ts'

const SECRET = 'a secret of thirty-two bytes or more'

describe('options that cannot be used', () => {
  test.each<[string, HttpHooksOptions, RegExp]>([
    ['no hook', {}, /one hook at least/],
    ['no URL', { connect: 'connect' }, /connect must be a URL/],
    ['http: to elsewhere', { connect: 'http://app.example/' }, /connect must begin with https:/],
    ['a name that only looks like loopback', { connect: 'http://127.0.0.1.example/' }, /https:/],
    ['another scheme', { publish: 'ftp://localhost/' }, /publish must begin with https:/],
    ['another scheme, anywhere', { publish: 'file:///etc/passwd', plainHttp: 'anywhere' }, /publish must begin/],
    ['a password in the URL', { rpc: 'https://ada:secret@app.example/' }, /rpc takes no user name/],
    ['a short secret', { connect: 'https://app.example', secret: 'short' }, /secret must have 32 bytes/],
    ['a short second secret', { connect: 'https://app.example', secret: [SECRET, 'short'] }, /secret must have 32/],
    ['a list without a secret', { connect: 'https://app.example', secret: [] }, /secret must have 32 bytes/],
    ['no time', { connect: 'https://app.example', timeoutMs: 0 }, /timeoutMs must be a whole number from 1/],
    ['no time of one', { connect: { url: 'https://app.example', timeoutMs: 0.5 } }, /connect.timeoutMs/],
    ['no call', { connect: { url: 'https://app.example', maxConcurrentCalls: 0 } }, /connect.maxConcurrentCalls/],
    ['no try', { connect: 'https://app.example', maxAttempts: 0 }, /maxAttempts/],
    ['another plainHttp', { connect: 'https://app.example', plainHttp: 'yes' as never }, /plainHttp/],
    ...[
      'Connection',
      'transfer-encoding',
      'TE',
      'Upgrade',
      'Proxy-Authorization',
      'Host',
      'Content-Length',
      'Sec-WebSocket-Key',
      'X-Forwarded-For',
      'Wigwag-Signature',
      'a b',
      '',
      'x\r\ny',
    ].map((name): [string, HttpHooksOptions, RegExp] => [
      `header ${JSON.stringify(name)}`,
      { connect: 'https://app.example', forwardHeaders: [name] },
      /forwardHeaders cannot have/,
    ]),
  ])('%s', (_name, options, message) => {
    expect(() => httpHooks(options)).toThrow(message)
    expect(() => httpHooks(options)).toThrow(HubError)
  })

  test('no message has a secret', () => {
    const faults = [{ rpc: 'https://ada:secret@app.example/' }, { connect: 'https://app.example', secret: 'secret' }]
    for (const options of faults) expect(() => httpHooks(options)).not.toThrow(/:secret|"secret"/)
  })
})

test.each<HttpHooksOptions>([
  { connect: 'https://app.example/hooks?a=1' },
  { connect: new URL('http://localhost:3000') },
  { connect: 'http://[::1]:3000', subscribe: { url: 'http://127.0.0.2/' } },
  { connect: 'http://app:3000', plainHttp: 'anywhere' },
  { connect: 'https://app.example', secret: [SECRET, new Uint8Array(32)] },
])('options that can: %j', (options) => {
  expect(Object.keys(httpHooks(options).stats)).toEqual(Object.keys(options).filter((name) => /connect|sub/.test(name)))
})

test('what the connection of the client alone was meant for does not go on', () => {
  const headers: Record<string, string> = { connection: 'Upgrade,  X-App', 'x-app': 'secret', cookie: 'a=b' }
  const header = (name: string): string | undefined => headers[name]
  expect(forwardedHeaders(['x-app', 'cookie'], { header })).toEqual({ cookie: 'a=b' })
})
