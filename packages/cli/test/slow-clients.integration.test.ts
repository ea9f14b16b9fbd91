import { type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRaw, type RawClient } from './support/raw-client.ts'

let server: ServedWigwag
beforeAll(async () => {
  server = await serveWigwag(['--header-timeout', '300ms', '--request-timeout', '600ms', '--max-header', '4096'])
})
afterAll(async () => server.program[Symbol.asyncDispose]())

const serves = async (): Promise<boolean> =>
  (await fetch(`${server.url}/channel/a`, { method: 'POST', body: 'hello' })).status === 200

/** Writes a byte every now and then, for as long as the server lets it. */
async function drip(client: RawClient, byte: string): Promise<void> {
  const dripping = setInterval(() => client.socket.write(byte), 20)
  await client.closed
  clearInterval(dripping)
}

test('a head that drips: 408, and the connection is closed', async () => {
  const client = await connectRaw(server.port)
  client.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  const dripped = drip(client, 'x')
  expect(await serves()).toBe(true)
  await dripped
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /)
})

test.each(['/channel/a', '/', '/nothing'])('a body that drips, for %s: the connection is closed', async (path) => {
  const client = await connectRaw(server.port)
  client.socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n`)
  const dripped = drip(client, 'x')
  expect(await serves()).toBe(true)
  await dripped
  if (path === '/channel/a') expect(client.text()).toMatch(/^HTTP\/1\.1 408 [\s\S]*--request-timeout/)
})

test('connections that send nothing, or half a head, are gone in time; meanwhile others are served', async () => {
  const idle = await Promise.all(Array.from({ length: 200 }, () => connectRaw(server.port)))
  for (const [i, { socket }] of idle.entries()) if (i % 2 === 0) socket.write('GET /channel/a HTTP/1.1\r\nHo')
  for (let i = 0; i < 5; i++) expect(await serves()).toBe(true)
  await Promise.all(idle.map(({ closed }) => closed))
  expect(await serves()).toBe(true)
})

test('an upgrade whose head drips is closed like any other', async () => {
  const client = await connectRaw(server.port)
  client.socket.write('GET /channel/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n')
  await drip(client, 'X')
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /)
})

test('a head above --max-header: 431', async () => {
  const client = await connectRaw(server.port)
  client.socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(5000)}\r\n\r\n`)
  await client.closed
  expect(client.text()).toMatch(/^HTTP\/1\.1 431 /)
})

test('an event stream outlives every time-out', async () => {
  const stream = await fetch(`${server.url}/channel/long`, { headers: { accept: 'text/event-stream' } })
  const reader = stream.body?.getReader()
  // As long as it takes for a slow client to be thrown out twice.
  for (let i = 0; i < 2; i++) {
    const client = await connectRaw(server.port)
    client.socket.write('GET / HTTP/1.1\r\nX-Slow: ')
    await drip(client, 'x')
  }
  await fetch(`${server.url}/channel/long`, { method: 'POST', body: 'still here' })
  let text = ''
  while (!text.includes('still here')) text += new TextDecoder().decode((await reader?.read())?.value)
  await reader?.cancel()
})
