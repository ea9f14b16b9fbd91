import { expect, test } from 'vitest'
import { sessionUrl } from '../../src/transport/session-url.ts'

test.each([
  ['https://example.com/', 'websocket', 'https://example.com/connection/websocket'],
  ['https://example.com', 'sse', 'https://example.com/connection/sse'],
  ['https://example.com/push/', 'websocket', 'https://example.com/push/connection/websocket'],
  ['wss://example.com/connection/websocket', 'websocket', 'wss://example.com/connection/websocket'],
  ['wss://example.com/push/connection/websocket?ticket=t#top', 'sse', 'wss://example.com/push/connection/sse?ticket=t'],
  ['wss://example.com/sockets/mine', 'websocket', 'wss://example.com/sockets/mine'],
])('%s as %s is %s', (url, name, expected) => {
  expect(String(sessionUrl(new URL(url), name))).toBe(expected)
})
