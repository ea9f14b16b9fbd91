import { HubError } from '@wigwag/hub'
import type { RedisOptions } from 'ioredis'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** Where Redis is, as a URL says it. */
interface RedisTarget {
  readonly scheme: 'redis' | 'rediss' | 'redis+sentinel'
  readonly username: string
  readonly password: string
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** The database's number, or the name of the master that sentinels know. */
  readonly path: string
}

/** What `url` says in the driver's words. Throws `HubError` `ERR_OPTION` for what is no such URL. */
export function redisOptionsOf(url: string): RedisOptions {
  const { scheme, username, password, nodes, path } = parseRedisUrl(url)
  const login = {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
  if (scheme === 'redis+sentinel') return { ...login, sentinels: [...nodes], name: path }
  const [node] = nodes
  return { ...login, ...node, db: Number(path), ...(scheme === 'rediss' ? { tls: {} } : {}) }
}

/** Where `url` points to, fit for a log: no user, no password. */
export function describeRedis(url: string): string {
  const { scheme, nodes, path } = parseRedisUrl(url)
  const places = nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ')
  return scheme === 'redis+sentinel' ? `Redis ${path} of the sentinels ${places}` : `Redis at ${places}`
}

const URL_FORM = /^(redis|rediss|redis\+sentinel):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]*)(?:\/([^/?#]*))?$/

function parseRedisUrl(url: string): RedisTarget {
  const match = URL_FORM.exec(url)
  const nodes = match?.[4] === undefined ? [] : parseNodes(match[4], match[1] === 'redis+sentinel')
  if (match === null || nodes === undefined) throw invalid(url, '')
  const [, scheme = '', username = '', password = '', , path = ''] = match
  if (scheme === 'redis+sentinel' && (path === '' || nodes.length === 0)) {
    throw invalid(url, ' It lacks the sentinels or the name of the master.')
  }
  if (scheme !== 'redis+sentinel' && (nodes.length > 1 || !/^\d*$/.test(path))) throw invalid(url, '')
  return {
    scheme: scheme as RedisTarget['scheme'],
    username: decode(url, username),
    password: decode(url, password),
    nodes: nodes.length === 0 ? [{ host: '127.0.0.1', port: DEFAULT_PORT }] : nodes,
    path: decode(url, path),
  }
}

function parseNodes(text: string, isSentinel: boolean): RedisTarget['nodes'] | undefined {
  const nodes: { host: string; port: number }[] = []
  if (text === '') return nodes
  for (const part of text.split(',')) {
    const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(part)
    const port = Number(match?.[2] ?? (isSentinel ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT))
    if (match === null || port < 1 || port > 65_535) return undefined
    nodes.push({ host: (match[1] as string).replace(/^\[|\]$/g, ''), port })
  }
  return nodes
}

function decode(url: string, part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid(url, ' Write special characters of the password percent-encoded.')
  }
}

function invalid(url: string, why: string): HubError {
  // What stands before the last @ may be a password, however the rest is spelt.
  const shown = url.replace(/^((?:rediss?|redis\+sentinel):\/\/)?.*@/s, '$1…@').slice(0, 100)
  return new HubError(
    'ERR_OPTION',
    `${JSON.stringify(shown)} is no Redis URL.${why} Write redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// for TLS, ` +
      'or redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER.',
  )
}
