import { expect, test } from 'vitest'
import { httpUrl } from '../../src/http/http-url.ts'

test.each([
  ['https://example.com/', 'connection/sse', 'https://example.com/connection/sse'],
  ['wss://example.com', 'emulation', 'https://example.com/emulation'],
  ['ws://example.com/push/', 'emulation', 'http://example.com/push/emulation'],
  [
    'wss://example.com/push/connection/websocket?ticket=t#top',
    'connection/sse',
    'https://example.com/push/connection/sse?ticket=t',
  ],
  ['wss://example.com/connection/websocket', 'emulation', 'https://example.com/emulation'],
  ['wss://example.com/sockets/mine', 'emulation', 'undefined'],
])('%s with %s is %s', (url, path, expected) => {
  expect(String(httpUrl(new URL(url), path))).toBe(expected)
})
