const PATH = /connection\/websocket$/

/**
 * Where a hub takes plain requests: `path` beside its WebSocket, as in `connection/sse` or `emulation`. `url` is that of the
 * WebSocket endpoint or of where the hub is (ends in `/`); undefined for any other, which tells nothing of what is beside it.
 */
export function httpUrl(url: URL, path: string): URL | undefined {
  const base = url.pathname.replace(PATH, '')
  if (!base.endsWith('/')) return undefined
  const found = new URL(url)
  found.protocol = url.protocol.replace('ws', 'http')
  found.pathname = base + path
  found.hash = ''
  return found
}
