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

/** Reads the servers' memory before the first connection, with all open, and after one echo on each. */
export async function measureMemory(spec: LoadSpec, cell: MessageCell): Promise<MemoryReport> {
  const meter = new Meter()
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
    faults: meter.faults(missing),
  }
}

function createLoad(spec: LoadSpec, cell: MessageCell, meter: Meter): Load {
  if (cell.workload === 'session-memory') return createSessionLoad(spec, cell, meter)
  return new EchoLoad(spec, cell, buildConversation(cell, spec.protocol), meter)
}

async function settledRss(spec: LoadSpec): Promise<number> {
  await sleep(spec.settleSecs * 1000)
  return spec.processes.filter(({ role }) => role === 'server').reduce((sum, { pid }) => sum + readRss(pid), 0)
}
