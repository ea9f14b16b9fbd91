import { WIRE_TRANSPORTS } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { buildProgram } from '../build-program.ts'
import { measureTransport } from '../transports/measure-transport.ts'

const WORKSPACE = new URL('../../', import.meta.url)
const [SUBSCRIBERS, RATE, SECS] = [4, 100, 0.2]

test('each transport is measured: everything comes once and in order, and every byte is counted', async () => {
  const programs = {
    server: await buildProgram(new URL('../transports/transport-server.ts', import.meta.url), WORKSPACE),
    clients: await buildProgram(new URL('../transports/transport-clients.ts', import.meta.url), WORKSPACE),
  }
  for (const { name, carrier } of WIRE_TRANSPORTS) {
    const spec = { transport: name, subscribers: SUBSCRIBERS, rate: RATE, warmUp: 3, secs: SECS, pollIntervalMs: 20 }
    const figures = await measureTransport(spec, programs, { mode: 'free', reason: 'a test' })
    expect(figures, name).toMatchObject({ faults: [], delivered: SUBSCRIBERS * RATE * SECS })
    expect(figures.cpuUs, name).toBeGreaterThan(0)
    // A publication has 128 bytes of JSON, whatever carries it.
    expect(figures.receivedBytes, name).toBeGreaterThan(128)
    expect(figures.receivedBytes, name).toBeLessThan(1000)
    expect(figures.sentBytes > 0, name).toBe(carrier === 'poll' || carrier === 'long-poll')
    expect(figures.p99Ms, name).toBeGreaterThanOrEqual(figures.p50Ms)
  }
})
