/** What a program is told of the request that started it. */
export interface CgiRequest {
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** As in `1.1`. */
  readonly httpVersion: string
  /** Names and values, in the order in which they came; names in any case. */
  readonly headers: Iterable<readonly [string, string]>
  /** The client's address: behind a trusted proxy what that says of it. */
  readonly remoteAddress: string
  readonly remotePort: string
  /** The name of that address, where one was looked up. */
  readonly remoteHost?: string | undefined
  /** Whether it came over TLS. */
  readonly isSecure: boolean
  /** Who came in with credentials that the server has checked, and how: `Basic`. */
  readonly user?: { readonly name: string; readonly scheme: string } | undefined
  /** What a request with a body says of it. A WebSocket has none. */
  readonly contentType?: string | undefined
  readonly contentLength?: string | undefined
  /** One of a kind. */
  readonly uniqueId: string
}

/** Which program answers, and what of the path is left for it. */
export interface CgiScript {
  /** The part of the path that leads to the program; `/` where there is one program for all paths. */
  readonly scriptName: string
  /** What follows it, decoded. */
  readonly pathInfo: string
}

/** What `SERVER_SOFTWARE` says. */
const SERVER_SOFTWARE = 'wigwag'

/**
 * The environment of a program (RFC 3875 §4.1, and what websocketd gives besides): `passed` of our own, what is known of
 * the request, and its headers. Nothing else of our environment gets in.
 */
export function cgiEnvironment(
  request: CgiRequest,
  { scriptName, pathInfo }: CgiScript,
  passed: Readonly<Record<string, string>>,
): Record<string, string> {
  const { target, user } = request
  const queryStart = target.indexOf('?')
  const fields = headerVariables(request)
  const { name, port } = splitHost(fields['HTTP_HOST'] ?? '', request.isSecure)
  return {
    ...fields,
    ...passed,
    SERVER_SOFTWARE,
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    SERVER_NAME: name,
    SERVER_PORT: port,
    REQUEST_METHOD: request.method,
    REQUEST_URI: target,
    SCRIPT_NAME: scriptName,
    PATH_INFO: pathInfo,
    // Decoded, and of no file: as websocketd has it.
    PATH_TRANSLATED: scriptName === '/' ? pathInfo : scriptName + pathInfo,
    QUERY_STRING: queryStart < 0 ? '' : target.slice(queryStart + 1),
    REMOTE_ADDR: request.remoteAddress,
    REMOTE_HOST: request.remoteHost ?? request.remoteAddress,
    REMOTE_PORT: request.remotePort,
    UNIQUE_ID: request.uniqueId,
    // Known to be empty rather than absent: what our own environment has of that name must not be taken for them.
    AUTH_TYPE: user?.scheme ?? '',
    REMOTE_USER: user?.name ?? '',
    REMOTE_IDENT: '',
    CONTENT_TYPE: request.contentType ?? '',
    CONTENT_LENGTH: request.contentLength ?? '',
    ...(request.isSecure && { HTTPS: 'on' }),
  }
}

/**
 * `HTTP_…`, one for each header. Not `Proxy`: `HTTP_PROXY` tells programs where to send their own requests. Nor a name
 * with an underscore or other signs, which would pass for another header. Nor credentials that the server has checked.
 */
function headerVariables({ headers, user }: CgiRequest): Record<string, string> {
  const variables: Record<string, string> = Object.create(null)
  for (const [name, value] of headers) {
    if (!/^[A-Za-z0-9-]+$/.test(name)) continue
    const variable = `HTTP_${name.toUpperCase().replaceAll('-', '_')}`
    if (variable === 'HTTP_PROXY' || (variable === 'HTTP_AUTHORIZATION' && user !== undefined)) continue
    const line = value.replaceAll(/[\r\n]/g, ' ')
    const before = variables[variable]
    variables[variable] = before === undefined ? line : `${before}, ${line}`
  }
  return variables
}

/** Name and port of `Host`; the port of the scheme where it has none. */
function splitHost(host: string, isSecure: boolean): { name: string; port: string } {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?/.exec(host) ?? []
  return { name, port: port === '' ? (isSecure ? '443' : '80') : port }
}
