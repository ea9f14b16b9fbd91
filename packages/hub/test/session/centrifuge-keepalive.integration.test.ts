import { Centrifuge } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { Arrivals } from '../support/arrivals.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'

const PING = '{}'

describe('pings, with centrifuge over ws', () => {
  /** A client whose socket loses pings on one of the ways, and is counted on. */
  async function pinged(lost: 'pings' | 'pongs' | 'nothing', maxServerPingDelay = 5_000) {
    const seen = { pings: 0, pongs: 0, webSocketPings: 0 }
    const arrivals = new Arrivals()
    class LossyWebSocket extends WebSocket {
      constructor(url: string) {
        super(url)
        this.on('ping', () => {
          seen.webSocketPings++
        })
        // Where the client listens.
        Object.defineProperty(this, 'onmessage', {
          set: (listener: (event: { data: unknown }) => void) => {
            this.addEventListener('message', (event) => {
              if (event.data === PING) seen.pings++
              if (event.data !== PING || lost !== 'pings') listener(event)
            })
          },
        })
      }

      override send(data: string): void {
        if (data === PING) seen.pongs++
        if (data !== PING || lost !== 'pongs') super.send(data)
        arrivals.tell()
      }
    }
    const { port, hub } = await serveSessions({ sessions: { pingIntervalMs: 1000, pongTimeoutMs: 500 } })
    const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
      websocket: LossyWebSocket,
      minReconnectDelay: 1,
      maxServerPingDelay,
    })
    onTestFinished(() => client.disconnect())
    client.connect()
    await client.ready()
    return { client, hub, seen, arrivals }
  }

  test('are answered, and the session goes on; WebSockets are not pinged besides', async () => {
    const { client, hub, seen, arrivals } = await pinged('nothing')
    await arrivals.until(() => seen.pongs === 3)
    expect(seen).toEqual({ pings: 3, pongs: 3, webSocketPings: 0 })
    expect(client.state).toBe('connected')
    expect(hub.sessions.stats.connected).toBe(1)
  })

  test('that are not answered end the session, and the client comes back', async () => {
    const { client } = await pinged('pongs')
    expect(await nextEvent(client, 'connecting')).toEqual({ code: 3012, reason: 'no pong' })
    await nextEvent(client, 'connected')
  })

  test('that do not come make the client leave, and come back', async () => {
    const { client } = await pinged('pings', 100)
    expect(await nextEvent(client, 'connecting')).toEqual({ code: 2, reason: 'no ping' })
    await nextEvent(client, 'connected')
  })
})
