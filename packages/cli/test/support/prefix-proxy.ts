import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A reverse proxy that serves a server below `prefix` and strips that off, as `proxy_pass http://server/` does in nginx:
 * the server does not hear of the prefix. With `webSockets: 'refused'` it lets none through, as some networks do. Resolves with
 * the port; ends with the test.
 */
export async function startPrefixProxy(
  targetPort: number,
  prefix: string,
  { webSockets = 'passed' }: { readonly webSockets?: 'passed' | 'refused' } = {},
): Promise<number> {
  const target = { host: '127.0.0.1', port: targetPort }
  const strip = (url = ''): string | undefined => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : undefined)
  const proxy = createServer((incoming, response) => {
    const path = strip(incoming.url)
    if (path === undefined) {
      response.writeHead(404).end('not of this server')
      return
    }
    const forwarded = request({ ...target, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  const tunnels = new Set<Socket>()
  proxy.on('upgrade', (incoming: IncomingMessage, inbound: Socket) => {
    if (webSockets === 'refused') {
      inbound.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const outbound = connect(target.port, target.host)
    let head = `${incoming.method} ${strip(incoming.url)} HTTP/1.1\r\n`
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      head += `${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}\r\n`
    }
    outbound.write(`${head}\r\n`)
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      tunnels.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    for (const tunnel of tunnels) tunnel.destroy()
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
  })
  return (proxy.address() as AddressInfo).port
}
