import { randomBytes, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Contract } from '@wigwag/protocol'
import { PreparedMessage } from '@wigwag/socket'
import type { MemoryBrokerOptions } from '../broker/history-options.ts'
import { MemoryBroker } from '../broker/memory-broker.ts'
import type { ContractOf, ContractOptions, NamedMethods, SchemaOptions } from '../contract-options.ts'
import type { HubOptions } from '../hub-options.ts'
import type { RpcForAll } from '../session/rpc.ts'
import type { SessionPorts } from '../session/session-ports.ts'
import { NodeHub } from './node-hub.ts'
import { readProcessMemory } from './process-memory.ts'

/** Options of a hub without a contract, and of the memory broker that it gets when none is given. */
export interface CreateHubOptions extends Partial<Omit<HubOptions, 'contract'>>, MemoryBrokerOptions {
  /** Default: a memory broker. */
  readonly broker?: HubOptions['broker']
}

/** Its options that say nothing of what channels and methods carry. */
type OtherOptions = Omit<CreateHubOptions, 'namespaces' | 'rpc'>

/**
 * A hub on Node, with the memory broker unless another is given. What it publishes, decides on and answers has the types of
 * its `contract`, or of the schemas in `namespaces` and `rpc`. Throws `HubError` `ERR_OPTION` for an option out of range.
 */
export function createHub<const C extends Contract>(options: OtherOptions & ContractOptions<C>): NodeHub<C>
export function createHub<
  const Schemas extends Readonly<Record<string, unknown>>,
  const Methods extends NamedMethods | RpcForAll,
>(options?: OtherOptions & SchemaOptions<Schemas, Methods>): NodeHub<ContractOf<Schemas, Methods>>
export function createHub(options: object = {}): NodeHub<never> {
  // What is typed by schemas there is checked by them here.
  const given: CreateHubOptions = options
  const broker = given.broker ?? createMemoryBroker(given)
  const cluster = { name: `${hostname()}:${process.pid}`, ...given.cluster }
  return new NodeHub({ ...given, broker, cluster }, sessionPorts)
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
