/**
 * The URL of a hub's WebSocket for sessions. `url` is that, or of where the hub is (ends in `/`); any other is one that somebody has
 * chosen, and stands for the WebSocket.
 */
export function sessionUrl(url: URL): URL {
  const found = new URL(url)
  if (found.pathname.endsWith('/')) found.pathname += 'connection/websocket'
  found.protocol = found.protocol.replace('http', 'ws')
  found.hash = ''
  return found
}
