import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageCell } from '../cell.ts'
import { buildConversation } from './conversation.ts'
import { drain } from './drain.ts'
import { EchoLoad } from './echo-load.ts'
import { FanOutLoad, type FanOutTalk } from './fan-out-load.ts'
import { HandshakeLoad } from './handshake-load.ts'
import type { Load } from './load.ts'
import type { HalfLoad, LoadSpec, TrafficReport } from './load-spec.ts'
import { Meter } from './meter.ts'
import { processUse, readProcessCpu } from './process-cpu.ts'
import { SessionConversation } from './session-conversation.ts'

// Slow cells need more than their seconds until the server's code has been compiled, and so does a server that gets little of its
// core; large messages never get so far.
const WARM_UP_MESSAGES = 5000
const MAX_WARM_UPS = 5
const POLL_MS = 20

/** Opens the connections, warms the server up, measures, and waits for what is in flight. */
export async function measureTraffic(spec: LoadSpec): Promise<TrafficReport> {
  const meter = new Meter()
  const load = createLoad(spec, meter)
  await load.open()
  await sleep(spec.settleSecs * 1000)
  load.start()
  await warmUp(spec, meter)
  const measured = await measureWindow(spec, meter)
  load.stop()
  const missing = await drain(load, meter, spec.drainSecs)
  const halfLoad = missing === 0 && !meter.hasFaults() ? await measureHalfLoad(spec, load, meter, measured) : undefined
  const missingOfHalf = await drain(load, meter, spec.drainSecs)
  load.end()
  const faults = meter.faults(missing || missingOfHalf)
  return { kind: 'traffic', generator: 'node', ...measured, ...(halfLoad && { halfLoad }), faults }
}

/** Latency where the server has time: half of what it can deliver. Nothing for loads that have no pace. */
async function measureHalfLoad(
  spec: LoadSpec,
  load: Load,
  meter: Meter,
  full: Pick<TrafficReport, 'messages' | 'secs'>,
): Promise<HalfLoad | undefined> {
  if (spec.cell.workload !== 'sessions' || load.pace === undefined || full.messages === 0) return undefined
  const publicationsPerSec = full.messages / full.secs / spec.cell.connections / 2
  meter.restart()
  load.pace(publicationsPerSec)
  meter.measuring = true
  await sleep(spec.secs * 1000)
  load.stop()
  // What left in the window counts, whenever it comes.
  await drain(load, meter, spec.drainSecs)
  meter.measuring = false
  const { latency } = meter
  return {
    publicationsPerSec,
    p50Us: latency.quantileUs(0.5),
    p99Us: latency.quantileUs(0.99),
    p999Us: latency.quantileUs(0.999),
  }
}

/** A load of sessions, in their protocol. */
export function createSessionLoad(spec: LoadSpec, cell: MessageCell, meter: Meter): FanOutLoad {
  const { sessionProtocol } = spec
  if (sessionProtocol === undefined) throw new Error('Cells of sessions need a protocol: subject-table.ts')
  return new FanOutLoad(spec, cell, new SessionConversation(cell, sessionProtocol), meter)
}

function talkPlainly(cell: MessageCell, protocol: LoadSpec['protocol']): FanOutTalk {
  return { conversation: buildConversation(cell, protocol), target: '/sub', most: cell.depth }
}

function createLoad(spec: LoadSpec, meter: Meter): Load {
  const { cell, protocol } = spec
  switch (cell.workload) {
    case 'handshake':
      return new HandshakeLoad(spec, cell, meter)
    case 'fan-out':
    case 'cluster':
      return new FanOutLoad(spec, cell, talkPlainly(cell, protocol), meter)
    case 'sessions':
    case 'session-memory':
      return createSessionLoad(spec, cell, meter)
    case 'echo':
    case 'memory':
      return new EchoLoad(spec, cell, buildConversation(cell, protocol), meter)
  }
}

/** Until there were messages enough, and the processes have had half of the seconds of warm-up for themselves. */
async function warmUp({ warmUpSecs, processes }: LoadSpec, meter: Meter): Promise<void> {
  const watchedUs = () => processes.reduce((sum, { pid }) => sum + readProcessCpu(pid).us, 0)
  const latestMs = performance.now() + warmUpSecs * 1000 * MAX_WARM_UPS
  const enoughUs = processes.length > 0 ? watchedUs() + (warmUpSecs * 1e6) / 2 : 0
  await sleep(warmUpSecs * 1000)
  while (!meter.hasFaults() && performance.now() < latestMs) {
    if (meter.arrived >= WARM_UP_MESSAGES && watchedUs() >= enoughUs) return
    await sleep(POLL_MS)
  }
}

async function measureWindow(
  spec: LoadSpec,
  meter: Meter,
): Promise<Omit<TrafficReport, 'kind' | 'generator' | 'faults'>> {
  const startMs = performance.now()
  const generatorBefore = process.cpuUsage()
  const before = spec.processes.map(({ pid }) => readProcessCpu(pid))
  meter.measuring = true
  await sleep(spec.secs * 1000)
  meter.measuring = false
  const after = spec.processes.map(({ pid }) => readProcessCpu(pid))
  const generator = process.cpuUsage(generatorBefore)
  return {
    secs: (performance.now() - startMs) / 1000,
    messages: meter.messages,
    processes: spec.processes.map((watched, i) => processUse(watched, before[i], after[i])),
    generatorCpuUs: generator.user + generator.system,
    p50Us: meter.latency.quantileUs(0.5),
    p99Us: meter.latency.quantileUs(0.99),
  }
}
