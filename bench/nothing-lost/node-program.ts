// One node of the push server, as an application would write it.
import { createServer } from 'node:http'
import type { Broker } from '@wigwag/hub'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'
import { RedisBroker } from '@wigwag/redis'
import type { NodeListening, NodeSpec } from './node-spec.ts'
import { SabotagedBroker } from './sabotaged-broker.ts'
import { HISTORY_TTL_MS } from './scenario.ts'

const spec = JSON.parse(process.argv[2] as string) as NodeSpec
const listening: NodeListening = { kind: 'listening' }

const redis = new RedisBroker({ url: spec.redisUrl, maxReconnectDelayMs: 300 })
const broker: Broker = spec.sabotage === 'none' ? redis : new SabotagedBroker(redis, spec.sabotage)
const hub = createHub({
  broker,
  namespaces: {
    '': {
      history: { size: spec.historySize, maxBytes: 2 ** 26, ttlMs: HISTORY_TTL_MS },
      recover: true,
      subscribe: 'anyone',
      publish: 'anyone',
    },
  },
  // Of what is missed nothing may be refused for its number alone.
  sessions: { maxRecoveredPublications: spec.historySize },
})
// Pages of any origin may follow: what they follow is nobody's secret.
const endpoint = new ChannelEndpoint(hub, { allowOrigins: 'any' })
const server = createServer()
endpoint.attach(server)
await hub.started
server.listen(spec.port, '127.0.0.1', () => process.send?.(listening))
process.once('disconnect', () => process.exit())
