// One node of the push server, as an application would write it. Its arguments: the URL of Redis, and how it is come back to.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@wigwag/hub/node'
import { RedisBroker } from '@wigwag/redis'
import { announce } from '../announce.ts'
import { DRAIN_MS, OPEN_DOOR } from './restart-way.ts'

const [, , url = '', door] = process.argv
const hub = createHub({
  broker: new RedisBroker({ url }),
  ...(door === 'open' && { sessions: OPEN_DOOR }),
  namespaces: { '': { history: { size: 100 }, recover: true, subscribe: 'anyone', publish: 'anyone' } },
})
const server = createServer()
hub.attach(server)
process.once('SIGTERM', async () => {
  await hub.drain({ overMs: DRAIN_MS })
  process.exit(0)
})
await hub.started
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
