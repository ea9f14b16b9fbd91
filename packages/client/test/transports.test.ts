import { Client, closeReason, type OpenTransport, type Transport, type TransportSink } from '@wigwag/client'
import { ManualClock, MemoryLine } from '@wigwag/client/testing'
import { createHub } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'

/** A way that leads nowhere: it is refused, or opens and is deaf. */
class DeadEnd implements Transport {
  readonly name = 'dead end'
  readonly #how: 'refused' | 'deaf'
  attempts = 0
  closes = 0

  constructor(how: 'refused' | 'deaf') {
    this.#how = how
  }

  open(_url: URL, sink: TransportSink): OpenTransport {
    this.attempts++
    queueMicrotask(() => {
      if (this.#how === 'refused') sink.closed(closeReason('unreachable'))
      else sink.greeting()
    })
    return { send: () => {}, close: () => this.closes++ }
  }
}

test.each(['refused', 'deaf'] as const)('a way that is %s is left for the next, which is kept', async (how) => {
  const hub = createHub()
  onTestFinished(() => hub.close())
  const [blocked, line, clock] = [new DeadEnd(how), new MemoryLine(hub), new ManualClock()]
  const client = new Client('http://hub.test/', { transports: [blocked, line], environment: clock.environment() })
  const heard: unknown[] = []
  client.subscribe('a').on('publication', ({ data }) => heard.push(data))
  await clock.advance(12_000)
  expect(client.state.phase).toBe('connected')
  expect([blocked.attempts, line.opened]).toEqual([1, 1])
  expect(blocked.closes).toBe(1)
  line.cut()
  line.mend()
  await clock.advance(2000)
  await hub.publish('a', 1)
  await clock.advance(0)
  expect(heard).toEqual([1])
  expect([blocked.attempts, line.opened]).toEqual([1, 2])
  client.disconnect()
})
