import { randomBytes, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { PreparedMessage } from '@wigwag/socket'
import type { MemoryBrokerOptions } from '../broker/history-options.ts'
import { MemoryBroker } from '../broker/memory-broker.ts'
import type { HubOptions } from '../hub-options.ts'
import type { SessionPorts } from '../session/session-ports.ts'
import { NodeHub } from './node-hub.ts'
import { readProcessMemory } from './process-memory.ts'

/** Options of the hub, and of the memory broker that it gets when none is given. */
export interface CreateHubOptions extends Partial<HubOptions>, MemoryBrokerOptions {
  /** Default: a memory broker. */
  readonly broker?: HubOptions['broker']
}

/** A hub on Node, with the memory broker unless another is given. Throws `HubError` `ERR_OPTION` for an option out of range. */
export function createHub(options: CreateHubOptions = {}): NodeHub {
  const broker = options.broker ?? createMemoryBroker(options)
  const cluster = { name: `${hostname()}:${process.pid}`, ...options.cluster }
  return new NodeHub({ ...options, broker, cluster }, sessionPorts)
}

/** What Node lends sessions. */
const sessionPorts: SessionPorts = {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  createId: randomUUID,
  every: runEvery,
  prepare: (text) => new PreparedMessage(text),
  toBase64: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  memory: readProcessMemory,
  report: (what, error) => console.error(`${what} failed:`, error),
}

/** A memory broker with Node's clock and randomness. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  return new MemoryBroker(options, {
    now: Date.now,
    createEpoch: () => randomBytes(9).toString('base64url'),
    every: runEvery,
  })
}

function runEvery(intervalMs: number, run: () => void): () => void {
  // It keeps no process alive.
  const timer = setInterval(run, intervalMs).unref()
  return () => clearInterval(timer)
}
