/** What asks for a WebSocket (RFC 6455 §4.1), beside the request line and the host. */
export const UPGRADE_HEAD: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
