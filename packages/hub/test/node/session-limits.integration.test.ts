import { describe, expect, test } from 'vitest'
import { openSocket } from '../support/served-channels.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'

describe("npm's centrifuge that sends too much", () => {
  test('is answered 111, which is temporary, and goes on when it waits', async () => {
    const { client } = await serveSessions({
      sessions: { maxCommandsPerSecond: 20, maxCommandBurst: 10 },
      rpc: { echo: (data) => data },
    })
    const centrifuge = client()
    centrifuge.connect()
    await centrifuge.ready()
    const asked = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => centrifuge.rpc('echo', n)))
    const refused = asked.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused) expect(error).toMatchObject({ code: 111, temporary: true })
    for (;;) {
      const answer = await centrifuge.rpc('echo', 'later').catch(() => undefined)
      if (answer?.data === 'later') break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(centrifuge.state).toBe('connected')
  })

  test('is sent away with 3013 when it does not wait, comes back, and recovers', async () => {
    const { hub, client } = await serveSessions({
      sessions: { maxCommandsPerSecond: 1, maxCommandBurst: 10 },
      rpc: { echo: (data) => data },
    })
    const centrifuge = client()
    const subscription = centrifuge.newSubscription('news')
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    await hub.publish('news', 1)
    const connecting = nextEvent(centrifuge, 'connecting')
    for (let n = 0; n < 40; n++) centrifuge.rpc('echo', n).catch(() => {})
    expect(await connecting).toMatchObject({ code: 3013, reason: 'too many requests' })
    const heard = nextEvent<{ data: unknown }>(subscription, 'publication')
    await hub.publish('news', 2)
    expect((await heard).data).toBe(2)
  })

  test('messages that are too many bytes a second are sent away with 3013', async () => {
    const { url } = await serveSessions({
      sessions: { maxReceivedBytesPerSecond: 1000, maxReceivedBurstBytes: 100_000 },
    })
    const { socket, next, closed } = await openSocket(url('/connection/websocket'))
    socket.send(JSON.stringify({ id: 1, connect: {} }))
    await next()
    for (let n = 2; n < 5; n++) socket.send(JSON.stringify({ id: n, rpc: { method: 'x', data: 'x'.repeat(40_000) } }))
    expect(await closed).toEqual({ code: 3013, reason: 'too many requests' })
  })
})

test('a process that is short of memory takes no sessions, and those that are there go on', async () => {
  const { hub, url } = await serveSessions({ sessions: { maxMemoryBytes: 1 } })
  const first = await openSocket(url('/connection/websocket'))
  first.socket.send(JSON.stringify({ id: 1, connect: {} }))
  await first.next()
  // It is looked at once a second.
  for (;;) {
    const opened = await openSocket(url('/connection/websocket')).catch((error: unknown) => error)
    if (opened instanceof Error) {
      expect(opened).toMatchObject({ status: 503 })
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(hub.sessions.refused.memory).toBe(1)
  first.socket.send(JSON.stringify({ id: 2, subscribe: { channel: 'a' } }))
  expect(JSON.parse(String(await first.next()))).toMatchObject({ id: 2, subscribe: {} })
})
