import { createHub } from '@wigwag/hub/node'
import { RedisBroker } from '@wigwag/redis'
import { serveHub } from './serve-hub.ts'

serveHub(createHub({ broker: new RedisBroker({ url: process.argv[2] ?? '' }) }))
