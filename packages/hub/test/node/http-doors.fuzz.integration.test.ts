import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { ChannelEndpoint, type ChannelEndpointOptions, createHub } from '@wigwag/hub/node'
import { watchFailures } from '@wigwag/testkit'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type HostileClient, hostileClient } from '../support/hostile-request.ts'
import { readHttpAnswers } from '../support/http-answers.ts'

/** Channels on a server that soon gives up requests that never end, so that every connection ends by itself. */
async function serve(
  options: ChannelEndpointOptions,
): Promise<{ readonly port: number; readonly endpoint: ChannelEndpoint }> {
  const hub = createHub()
  const endpoint = new ChannelEndpoint(hub, { pingIntervalMs: 50, ...options })
  const limits = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20, keepAliveTimeout: 50 }
  const server = createServer(limits, (_incoming, response) => response.writeHead(404).end('not ours\n'))
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await endpoint.close()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, endpoint }
}

/** Sends what a client has to send; resolves with everything that came when the connection has ended, or is a stream. */
function converse(
  port: number,
  { text, methods, chunkSize, ending }: HostileClient,
): Promise<{ came: string; wasReset: boolean }> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let came = ''
    let wasReset = false
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      came += chunk
      // Streams and WebSockets are there to stay, and so is a connection on which everything was answered.
      const { end, answers } = readHttpAnswers(came, methods)
      const isAnswered = end === 'clean' && answers.length >= methods.length
      if (end === 'stream' || end === 'upgraded' || isAnswered) socket.destroy()
    })
    socket.on('error', () => {
      wasReset = true
    })
    socket.on('close', () => resolve({ came, wasReset }))
    const request = Buffer.from(text, 'latin1')
    const next = (at: number): void => {
      if (socket.destroyed) return
      if (at < request.length)
        socket.write(request.subarray(at, at + chunkSize), () => setImmediate(next, at + chunkSize))
      else if (ending === 'FIN') socket.end()
      else if (ending === 'reset') socket.resetAndDestroy()
    }
    next(0)
  })
}

function check(client: HostileClient, { came, wasReset }: { came: string; wasReset: boolean }): void {
  const { answers, end, fault } = readHttpAnswers(came, client.methods)
  const what = JSON.stringify({ client, came }).slice(0, 2000)
  expect(fault, what).toBeUndefined()
  if (client.ending === 'wait' && !wasReset) expect(end, what).not.toBe('cut')
  // Whatever comes in is the client's fault, or nobody's.
  for (const { status } of answers) expect(status, what).not.toBe(500)
}

describe.each<[string, ChannelEndpointOptions]>([
  ['everybody may come in', { allowOrigins: 'any' }],
  [
    'authorize takes its time',
    { authorize: ({ action }) => new Promise((resolve) => setImmediate(resolve, action === 'subscribe')) },
  ],
])('whatever is sent to the HTTP doors, where %s,', (_where, options) => {
  test('each connection gets well-formed answers or is closed, and nothing fails', async () => {
    using watch = watchFailures()
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => printed.mockRestore())
    const { port, endpoint } = await serve(options)
    await fc.assert(
      fc.asyncProperty(fc.array(hostileClient, { minLength: 100, maxLength: 200 }), async (clients) => {
        const results = await Promise.all(clients.map((client) => converse(port, client)))
        for (const [i, client] of clients.entries()) check(client, results[i] as (typeof results)[number])
        expect(watch.failures).toEqual([])
        expect(printed.mock.calls.map(String)).toEqual([])
      }),
      { numRuns: 12, endOnFailure: true },
    )
    const answer = await fetch(`http://127.0.0.1:${port}/channel/a`, { method: 'OPTIONS' })
    expect(answer.status).toBe(204)
    while (endpoint.stats.webSocket.open + endpoint.stats.sse.open > 0)
      await new Promise((resolve) => setImmediate(resolve))
    expect(endpoint.stats.webSocket.accepted).toBeGreaterThan(0)
  })
})
