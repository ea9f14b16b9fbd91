import { Client, type OpenTransport, type Transport, type TransportSink } from '@wigwag/client'
import { ManualClock } from '@wigwag/client/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** A hub that says whatever it is told to. */
class Liar implements Transport {
  readonly name = 'liar'
  sink: TransportSink | undefined

  open(_url: URL, sink: TransportSink): OpenTransport {
    this.sink = sink
    return { send: () => {}, close: () => {} }
  }
}

const NAMES = [
  'push',
  'id',
  'connect',
  'subscribe',
  'error',
  'pub',
  'channel',
  'data',
  'disconnect',
  'refresh',
  'join',
  'info',
]
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, 0, 1, 2, 3, -1, 1e99, '', 'a', true),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...NAMES, 'publications', 'code', 'reason', 'ttl', 'expires', 'subs', 'offset'),
      tie('node'),
    ),
  ),
})).node
const line = fc.oneof(
  { weight: 8, arbitrary: value.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.string() },
)

test('whatever a hub says, nothing is thrown at the transport, and the client goes on or says that it is no hub', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { maxLength: 3 }), { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      async (messages, isGreeted, share) => {
        const clock = new ManualClock()
        const liar = new Liar()
        const client = new Client('http://hub.test/', { transports: [liar], environment: clock.environment(), share })
        client.subscribe('a')
        while (liar.sink === undefined) await clock.advance(0)
        const { sink } = liar
        sink?.greeting()
        if (isGreeted)
          sink?.received('{"id":1,"connect":{"client":"x","version":"","ping":25}}\n{"id":2,"subscribe":{}}')
        for (const lines of messages) sink?.received(lines.join('\n'))
        await clock.advance(200_000)
        expect(['connected', 'connecting', 'disconnected']).toContain(client.state.phase)
        expect(clock.reports).toEqual([])
        client.disconnect()
        expect(client.state.phase).toBe('disconnected')
      },
    ),
    { numRuns: 300 },
  )
}, 30_000)

test('whatever a hub answers to a call, the call comes to an end', async () => {
  for (const answer of ['{"id":2,"error":null}', '{"id":2,"error":1,"push":null}', '{"id":2}', '[]\n1', 'null']) {
    const clock = new ManualClock()
    const liar = new Liar()
    const client = new Client('http://hub.test/', { transports: [liar], environment: clock.environment() })
    client.connect()
    await clock.advance(0)
    liar.sink?.greeting()
    liar.sink?.received('{"id":1,"connect":{"client":"x","version":"","ping":25}}')
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    client.rpc('anything').then(settle, settle)
    await clock.advance(0)
    liar.sink?.received(answer)
    await clock.advance(60_000)
    expect([answer, isSettled]).toEqual([answer, true])
    client.disconnect()
  }
})
