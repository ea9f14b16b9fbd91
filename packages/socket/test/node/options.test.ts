import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  hostPolicyOf,
  isLoopbackAddress,
  Refusal,
  refuse,
  WebSocketServer,
  type WebSocketServerOptions,
} from '@wigwag/socket'
import { LOOPBACK_HOSTS } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { resolveSocketOptions } from '../../src/node/socket-options.ts'
import { resolveServerOptions } from '../../src/node/websocket-server-options.ts'

test('the defaults are the documented ones, also where undefined is given', () => {
  expect(resolveSocketOptions({ maxQueuedBytes: undefined as never })).toEqual({
    maxQueuedBytes: 1024 * 1024,
    slowReader: 'close',
    io: process.env['WIGWAG_IO'] === 'public' ? 'public' : 'native',
    highWaterMarkBytes: 64 * 1024,
  })
  expect(resolveServerOptions({})).toEqual({
    path: undefined,
    subprotocols: [],
    allowOrigins: 'same-origin',
    allowHosts: undefined,
    handshakeTimeoutMs: 10_000,
    maxHeaderBytes: 16 * 1024,
  })
})

describe('an option out of range is named in an ERR_OPTION', () => {
  const wrong: [WebSocketServerOptions<undefined>, RegExp][] = [
    [{ path: 'chat' }, /path must start with "\/"; it is "chat"/],
    [{ subprotocols: ['a b'] }, /subprotocols has "a b"/],
    [{ allowOrigins: ['app.example'] }, /allowOrigins has "app.example"/],
    [{ allowOrigins: ['https://app.example/'] }, /allowOrigins/],
    [{ handshakeTimeoutMs: 0 }, /handshakeTimeoutMs/],
    [{ upgradeHeaders: { Connection: 'close' } }, /upgradeHeaders.*Connection/],
    [{ maxHeaderBytes: 1.5 }, /maxHeaderBytes/],
    [{ maxQueuedBytes: 0 }, /maxQueuedBytes/],
    [{ highWaterMarkBytes: -1 }, /highWaterMarkBytes/],
    [{ maxQueuedBytes: 10, highWaterMarkBytes: 11 }, /highWaterMarkBytes \(11\) must not exceed maxQueuedBytes \(10\)/],
    [{ slowReader: 'wait' as 'drop' }, /slowReader must be one of 'close', 'drop'/],
    [{ pingIntervalMs: -1 }, /pingIntervalMs/],
    [{ closeTimeoutMs: Number.NaN }, /closeTimeoutMs/],
    [{ utf8: 'loose' as 'trust' }, /utf8/],
  ]
  test.each(wrong)('%j', (options, message) => {
    const make = (): unknown => new WebSocketServer(options)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', name: 'UsageError' }))
    expect(make).toThrow(message)
  })
})

describe('refuse', () => {
  test('makes a refusal that authorize returns', () => {
    expect(refuse(429, 'Slow down.', { 'retry-after': '9' })).toEqual(
      new Refusal(429, 'Slow down.', { 'retry-after': '9' }),
    )
  })

  test.each([200, 301, 399, 600, 404.5, Number.NaN])('throws for status %d, which does not refuse', (status) => {
    expect(() => refuse(status, '')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
  })

  test.each([[{ 'x\r\ny': 'a' }], [{ 'x-y': 'a\nb' }], [{ '': 'a' }], [{ x: '\u0100' }]])(
    'throws for headers that HTTP does not allow: %j',
    (headers) => {
      expect(() => refuse(401, '', headers)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
    },
  )
})

describe('loopback', () => {
  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost'])('%s is', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })

  test.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '1127.0.0.1', 'example.com', ''])('%s is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false)
  })

  test('the Host policy without a server, or with an empty list, allows what the address allows', () => {
    expect(hostPolicyOf(undefined, undefined)).toBe('any')
    expect(hostPolicyOf(undefined, [])).toBe('any')
    expect(hostPolicyOf(undefined, ['a.example'])).toEqual(['localhost', '127.0.0.1', '[::1]', 'a.example'])
    expect(hostPolicyOf(undefined, 'any')).toBe('any')
  })

  test('the Host policy of a server asked before it listens is not remembered', async () => {
    const server = createServer()
    expect(hostPolicyOf(server, undefined)).toBe('any')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    expect(hostPolicyOf(server, undefined)).toEqual(LOOPBACK_HOSTS)
    server.close()
  })
})
