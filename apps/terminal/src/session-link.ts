/** What a fragment says: a session to come to, by a key. It stays in the browser: no server and no log sees it. */
export function readFragment(hash: string): { readonly session: string } {
  const session = new URLSearchParams(hash.replace(/^#/, '')).get('session') ?? ''
  return { session: /^[\w-]{22}$/.test(session) ? session : '' }
}

/** The same page for somebody who may only read. */
export function viewerLink(href: string, viewerKey: string): string {
  const url = new URL(href)
  url.pathname = url.pathname.replace(/\/(view)?$/, '/view')
  url.search = ''
  url.hash = `session=${viewerKey}`
  return url.href
}

/** Where the WebSocket and the tokens are, seen from the page. The query goes with it: `?arg=`. */
export function endpointUrls(href: string): { readonly socket: string; readonly token: string } {
  const url = new URL(href)
  url.hash = ''
  const folder = url.pathname.replace(/\/(view)?$/, '')
  const token = new URL(url)
  token.pathname = `${folder}/token`
  token.search = ''
  url.pathname = `${folder}/ws`
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return { socket: url.href, token: token.href }
}
