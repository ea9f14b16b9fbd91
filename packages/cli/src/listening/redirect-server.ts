import { createServer, type Server, type ServerOptions } from 'node:http'
import { answerText } from '@wigwag/socket'
import { originForm, parseHost } from '@wigwag/socket/core'

/** Connections that may be open to somebody who is only told to go elsewhere. */
const MAX_CONNECTIONS = 1_000

/**
 * A server of plain http that sends everybody on to https, at `securePort` of the host that they asked for. For now, as
 * browsers understand it (307): what they are told for good they remember when the port is somebody else's.
 */
export function createRedirectServer(limits: ServerOptions, securePort: () => number): Server {
  const server = createServer(limits, ({ headers, url = '' }, response) => {
    const host = parseHost(headers.host ?? '')
    if (host === undefined) {
      answerText(response, 400, 'A request says which host it is for: Host is missing or is none.', {
        connection: 'close',
      })
      return
    }
    const port = securePort()
    const location = `https://${host.name}${port === 443 ? '' : `:${port}`}${pathOf(url)}`
    answerText(response, 307, `This is at ${location}`, { location, connection: 'close' })
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

/** `*` of OPTIONS is no path. */
function pathOf(target: string): string {
  const path = originForm(target)
  return path.startsWith('/') ? path : '/'
}
