import { expect, test } from 'vitest'
import { sessionUrl } from '../../src/transport/session-url.ts'

test.each([
  ['https://example.com/', 'wss://example.com/connection/websocket'],
  ['http://example.com', 'ws://example.com/connection/websocket'],
  ['https://example.com/push/', 'wss://example.com/push/connection/websocket'],
  ['wss://example.com/connection/websocket', 'wss://example.com/connection/websocket'],
  ['ws://example.com/push/connection/websocket?ticket=t#top', 'ws://example.com/push/connection/websocket?ticket=t'],
  ['wss://example.com/sockets/mine', 'wss://example.com/sockets/mine'],
])('of %s is %s', (url, expected) => {
  expect(String(sessionUrl(new URL(url)))).toBe(expected)
})
