import { performance } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { serveChannels } from '../support/served-channels.ts'

const HEAD = ['POST /channel/a HTTP/1.1', 'Host: localhost', 'Content-Length: 1000']

test('a body that stalls: 408 with the option, the connection is closed, and nothing was published', async () => {
  const { port, hub, publish } = await serveChannels({ bodyTimeoutMs: 150 })
  const raw = await connectRaw(port)
  raw.write(...HEAD)
  raw.socket.write('some of it')
  expect((await publish('a', 'of somebody else')).status).toBe(200)
  await raw.closed
  expect(raw.text()).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*bodyTimeoutMs \(--request-timeout\)/i)
  expect(hub.stats.published).toBe(1)
})

test('a body that drips is not given more time for each drop', async () => {
  const { port, endpoint } = await serveChannels({ bodyTimeoutMs: 150 })
  const since = performance.now()
  const drops = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const raw = await connectRaw(port)
      raw.write(...HEAD)
      const dripping = setInterval(() => raw.socket.write('x'), 20)
      await raw.closed
      clearInterval(dripping)
      return raw
    }),
  )
  expect(performance.now() - since).toBeLessThan(5000)
  for (const raw of drops) expect(raw.text()).toMatch(/^HTTP\/1\.1 408 /)
  while (endpoint.stats.admission.connections > 0) await new Promise((resolve) => setImmediate(resolve))
})

test('what follows on a connection whose body came too late is not taken for a request', async () => {
  const { port, hub } = await serveChannels({ bodyTimeoutMs: 100 })
  const raw = await connectRaw(port)
  raw.write(...HEAD)
  await raw.until(/408 /)
  raw.write('POST /channel/a HTTP/1.1', 'Host: localhost', 'Content-Length: 0')
  await raw.closed
  expect(hub.stats.published).toBe(0)
  expect(raw.text().match(/HTTP\/1\.1/g)).toHaveLength(1)
})
