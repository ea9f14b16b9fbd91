// A hub that publishes by the clock: `POST /publish?rate=N&count=N` publishes so many numbered publications, N a second.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'
import { announce } from '../announce.ts'
import { CHANNEL, encodeStamp } from './stamp.ts'

// Of those that come at once none is sent away, and polls find what came since the last: neither is measured.
const sessions = { maxSessionsPerSecond: 1_000_000, maxSessionBurst: 1_000_000 }
const hub = createHub({ sessions, history: { size: 10_000 } })

async function publish(rate: number, count: number): Promise<void> {
  const startMs = performance.now()
  for (let number = 0; number < count; number++) {
    const waitMs = startMs + (number * 1000) / rate - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    await hub.publish(CHANNEL, encodeStamp(number))
  }
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  void publish(Number(searchParams.get('rate')), Number(searchParams.get('count'))).then(() => response.end())
})
new ChannelEndpoint(hub).attach(server)
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
