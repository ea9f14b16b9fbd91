import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageCell } from '../cell.ts'
import { buildConversation } from './conversation.ts'
import { drain } from './drain.ts'
import { EchoLoad } from './echo-load.ts'
import type { Load } from './load.ts'
import type { LoadSpec, MemoryReport } from './load-spec.ts'
import { createSessionLoad } from './measure-traffic.ts'
import { Meter } from './meter.ts'
import { readRss } from './process-memory.ts'

/** So many connections come, and go again, before the first reading: what a server takes on once is not a connection's. */
export const WARM_UP_CONNECTIONS = 300

/**
 * Reads the servers' memory when connections have come and gone, with all of the cell open, and after one echo on each. Those
 * of the warm-up echo, too; in cells of sessions they publish nothing, because offsets have to begin with the first.
 */
export async function measureMemory(spec: LoadSpec, cell: MessageCell): Promise<MemoryReport> {
  const meter = new Meter()
  const missingBefore = await comeAndGo(spec, { ...cell, connections: WARM_UP_CONNECTIONS }, meter)
  const load = createLoad(spec, cell, meter)
  const rssBefore = await settledRss(spec)
  await load.open()
  const rssIdle = await settledRss(spec)
  load.start()
  load.stop()
  const missing = await drain(load, meter, spec.drainSecs)
  const rssEchoed = await settledRss(spec)
  load.end()
  return {
    kind: 'memory',
    connections: cell.connections,
    rssBefore,
    rssIdle,
    rssEchoed,
    faults: meter.faults(missingBefore + missing),
  }
}

/** Returns how many messages are missing. */
async function comeAndGo(spec: LoadSpec, cell: MessageCell, meter: Meter): Promise<number> {
  const load = createLoad(spec, cell, meter)
  await load.open()
  if (cell.workload === 'memory') {
    load.start()
    load.stop()
  }
  const missing = await drain(load, meter, spec.drainSecs)
  load.end()
  return missing
}

function createLoad(spec: LoadSpec, cell: MessageCell, meter: Meter): Load {
  if (cell.workload === 'session-memory') return createSessionLoad(spec, cell, meter)
  return new EchoLoad(spec, cell, buildConversation(cell, spec.protocol), meter)
}

async function settledRss(spec: LoadSpec): Promise<number> {
  await sleep(spec.settleSecs * 1000)
  return spec.processes.filter(({ role }) => role === 'server').reduce((sum, { pid }) => sum + readRss(pid), 0)
}
