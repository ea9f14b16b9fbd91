/** Where a URL leads: what of it goes into the request, and what says where to connect. */
export interface UpgradeTarget {
  /** The URL as programs read it back: http becomes ws. */
  readonly href: string
  readonly secure: boolean
  /** A unix socket's path; `undefined` for a network address. */
  readonly socketPath: string | undefined
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  /** As in the URL, with its port if it has one. */
  readonly host: string
  readonly port: string | number
  /** Path and query of the request. */
  readonly path: string
  /** `user:password`, decoded; `undefined` when there is none. */
  readonly auth: string | undefined
}

/** Reads `ws:`, `wss:`, `http:`, `https:` and `ws+unix:SOCKET:PATH`. Throws `SyntaxError` for anything else. */
export function parseTarget(address: string | URL): UpgradeTarget {
  const url = toUrl(address)
  const secure = url.protocol === 'wss:'
  const isUnix = url.protocol === 'ws+unix:'
  if (url.protocol !== 'ws:' && !secure && !isUnix) {
    throw new SyntaxError(`The URL's protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"`)
  }
  if (isUnix && url.pathname === '') throw new SyntaxError("The URL's pathname is empty")
  if (url.hash !== '') throw new SyntaxError('The URL contains a fragment identifier')
  const path = url.pathname + url.search
  const colon = path.indexOf(':')
  const [socketPath, rest] = colon < 0 ? [path, ''] : [path.slice(0, colon), path.slice(colon + 1)]
  return {
    href: url.href,
    secure,
    socketPath: isUnix ? socketPath : undefined,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    port: url.port || (secure ? 443 : 80),
    path: isUnix ? rest : path,
    auth: url.username || url.password ? `${decode(url.username)}:${decode(url.password)}` : undefined,
  }
}

function toUrl(address: string | URL): URL {
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw new SyntaxError(`Invalid URL: ${address}`)
  }
  if (url.protocol === 'http:') url.protocol = 'ws:'
  else if (url.protocol === 'https:') url.protocol = 'wss:'
  return url
}

/** Percent-decoding that leaves alone what it cannot decode. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
