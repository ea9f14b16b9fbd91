/** Where a channel of the server that served this page is found. */

/** Percent-encodes a channel name into one path segment that needs no quoting in a shell either. */
function encodeChannel(channel: string): string {
  return encodeURIComponent(channel).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Says why a channel name cannot be used, or nothing. The server has the last word; this is what no URL can carry. */
export function checkChannel(channel: string): string | undefined {
  if (channel === '') return 'Type the name of a channel, for example foo.'
  // WHATWG URL removes dot segments, percent-encoded or not: the request would go elsewhere.
  if (channel === '.' || channel === '..') return `A channel cannot be called “${channel}”: a URL cannot carry it.`
  if (/\p{Surrogate}/u.test(channel)) return 'The name holds half of a character (a lone surrogate). Type it again.'
  return undefined
}

/** The `http(s):` URL of a channel, relative to the page so that a path prefix of a proxy is kept. */
export function channelUrl(pageUrl: string, channel: string): URL {
  return new URL(`channel/${encodeChannel(channel)}`, withoutQuery(pageUrl))
}

/** The channel that the page's own address names, if it names one. */
export function channelInAddress(pageUrl: string): string | undefined {
  return new URL(pageUrl).searchParams.get('channel') ?? undefined
}

/** The page's own address with the channel in it, to share or to bookmark. */
export function addressWithChannel(pageUrl: string, channel: string): string {
  const url = new URL(pageUrl)
  url.searchParams.set('channel', channel)
  return url.href
}

export interface ShellCommand {
  readonly what: string
  /** Short enough to be spoken. */
  readonly name: string
  readonly command: string
}

/** The ways to reach the same channel from a shell. */
export function shellCommands(pageUrl: string, channel: string): readonly ShellCommand[] {
  const http = quoteForShell(channelUrl(pageUrl, channel).href)
  return [
    { what: 'Publish', name: 'curl -d', command: `curl -d hello ${http}` },
    { what: 'Subscribe with curl', name: 'curl -N', command: `curl -N -H 'Accept: text/event-stream' ${http}` },
    {
      what: 'Subscribe with wigwag',
      name: 'wigwag',
      command: `wigwag connect ${quoteForShell(webSocketUrl(pageUrl, channel).href)}`,
    },
  ]
}

function webSocketUrl(pageUrl: string, channel: string): URL {
  const url = channelUrl(pageUrl, channel)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

function withoutQuery(pageUrl: string): URL {
  const url = new URL(pageUrl)
  url.search = ''
  url.hash = ''
  return url
}

/** An IPv6 host comes in brackets, which zsh takes for a pattern. */
function quoteForShell(url: string): string {
  return /^[\w.:/%~-]+$/.test(url) ? url : `'${url}'`
}
