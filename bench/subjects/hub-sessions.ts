import { createHub } from '@wigwag/hub/node'
import { serveHub } from './serve-hub.ts'

// Of those that come at once none is sent away: it is not arriving that is measured.
const sessions = { maxSessionsPerSecond: 1_000_000, maxSessionBurst: 1_000_000 }
serveHub(createHub({ sessions }), (data) => JSON.parse(data))
