const PATH = /\/connection\/websocket$/

/**
 * The URL of one of a hub's session endpoints: `name` is `'websocket'`, or that of another. `url` is that of the WebSocket
 * endpoint or of where the hub is (ends in `/`); any other is one that somebody has chosen, and stands for the WebSocket.
 */
export function sessionUrl(url: URL, name: string): URL {
  const found = new URL(url)
  if (PATH.test(url.pathname)) found.pathname = url.pathname.replace(PATH, `/connection/${name}`)
  else if (url.pathname.endsWith('/')) found.pathname = `${url.pathname}connection/${name}`
  found.hash = ''
  return found
}
