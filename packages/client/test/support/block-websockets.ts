import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'

/**
 * Has a server treat WebSockets as some networks do: `'refused'`, where a proxy does not pass the upgrade on; `'deaf'`, where it opens
 * and nothing gets through. Returns what ends that.
 */
export function blockWebSockets(server: Server, how: 'refused' | 'deaf'): () => void {
  return how === 'refused' ? withoutUpgrades(server) : deafened(server)
}

/** Node serves an upgrade that nobody listens for as if it were none. */
function withoutUpgrades(server: Server): () => void {
  const listeners = server.listeners('upgrade') as ((...args: unknown[]) => void)[]
  server.removeAllListeners('upgrade')
  return () => {
    for (const listener of listeners) server.on('upgrade', listener)
  }
}

/** Another takes them, before the hub does. */
function deafened(server: Server): () => void {
  const silent = new WebSocketServer({ noServer: true })
  const { emit } = server
  server.emit = (event: string, ...args: unknown[]) => {
    if (event !== 'upgrade') return Reflect.apply(emit, server, [event, ...args]) as boolean
    const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer]
    silent.handleUpgrade(request, socket, head, () => {})
    return true
  }
  return () => {
    server.emit = emit
    for (const socket of silent.clients) socket.terminate()
  }
}
