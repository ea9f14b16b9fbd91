import { Centrifuge } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'
import { tamperWith } from '../support/tampered-transport.ts'

const PING = '{}'

describe.each(['websocket', 'http_stream', 'sse'] as const)('pings, with centrifuge over %s', (transport) => {
  /** A client whose transport loses pings on one of the ways, and is counted on. */
  async function pinged(lost: 'pings' | 'pongs' | 'nothing', maxServerPingDelay = 5_000) {
    const seen = { pings: 0, pongs: 0 }
    const arrivals = new Arrivals()
    const { port, hub } = await serveSessions({ sessions: { pingIntervalMs: 1000, pongTimeoutMs: 500 } })
    const tampered = tamperWith(transport, port, {
      hears: (text) => {
        if (text === PING) seen.pings++
        return text !== PING || lost !== 'pings'
      },
      says: (text) => {
        if (text === PING) seen.pongs++
        arrivals.tell()
        return text !== PING || lost !== 'pongs'
      },
    })
    const options = { ...tampered.environment, minReconnectDelay: 1, maxServerPingDelay }
    const client = new Centrifuge(tampered.endpoints, options)
    onTestFinished(() => client.disconnect())
    client.connect()
    await client.ready()
    return { client, hub, seen, arrivals, tampered }
  }

  test('are answered, and the session goes on; WebSockets are not pinged besides', async () => {
    const { client, hub, seen, arrivals, tampered } = await pinged('nothing')
    await arrivals.until(() => seen.pongs === 3)
    expect([seen, tampered.webSocketPings]).toEqual([{ pings: 3, pongs: 3 }, 0])
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
