import { randomFillSync } from 'node:crypto'
import { type ConnectionOptions, ConnectionProfile, type Role } from '../core/index.ts'
import { DeadlineWheel } from './deadline-wheel.ts'
import { FlushQueue } from './flush-queue.ts'
import { nodeBytes } from './node-bytes.ts'

/** One wheel and one flush queue serve every socket of the process. */
export const wheel: DeadlineWheel = new DeadlineWheel()
/** See `wheel`. */
export const flushQueue: FlushQueue = new FlushQueue()

/** Hands what all sockets were sent to the operating system now, rather than at the end of the turn. */
export function flushAllSockets(): void {
  flushQueue.flushAll()
}

// Unpredictable bits are drawn from the system in bulk: one call for a thousand masking-keys.
const keys = new Int32Array(1024)
let keysUsed = keys.length

function randomKey(): number {
  if (keysUsed === keys.length) {
    randomFillSync(keys)
    keysUsed = 0
  }
  return keys[keysUsed++] as number
}

/** The profile of connections on Node. Throws `UsageError` `ERR_OPTION` for an option out of range. */
export function createProfile(role: Role, options: ConnectionOptions): ConnectionProfile {
  return new ConnectionProfile(role, options, {
    bytes: nodeBytes,
    arena: flushQueue.arena,
    random: Math.random,
    randomKey,
  })
}
