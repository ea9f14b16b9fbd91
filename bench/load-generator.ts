import { setTimeout as sleep } from 'node:timers/promises'
import { exitWithParent } from './exit-with-parent.ts'
import { EchoLoad } from './generator/echo-load.ts'
import { FanOutLoad } from './generator/fan-out-load.ts'
import type { Load } from './generator/load.ts'
import type { LoadReport, LoadSpec } from './generator/load-spec.ts'
import { Meter } from './generator/meter.ts'
import { readProcessCpu, userShare } from './generator/process-cpu.ts'
import { buildTraffic } from './generator/traffic.ts'

const SETTLE_MS = 200
const DRAIN_MS = 5000

/** Opens the connections, warms the server up, measures, and waits for what is in flight. */
async function generateLoad(spec: LoadSpec): Promise<LoadReport> {
  const meter = new Meter()
  const traffic = buildTraffic(spec.cell.payloadBytes, spec.cell.depth)
  const load: Load =
    spec.cell.workload === 'echo' ? new EchoLoad(spec, traffic, meter) : new FanOutLoad(spec, traffic, meter)
  await load.open()
  await sleep(SETTLE_MS)
  load.start()
  await sleep(spec.warmUpSecs * 1000)
  const measured = await measureWindow(spec, meter)
  load.stop()
  const deadlineMs = performance.now() + DRAIN_MS
  while (load.inFlight() > 0 && meter.lost === 0 && performance.now() < deadlineMs) await sleep(5)
  const missing = meter.lost === 0 ? load.inFlight() : 0
  load.end()
  return { ...measured, wrong: meter.wrong, lost: meter.lost, missing, notes: meter.notes }
}

async function measureWindow(
  spec: LoadSpec,
  meter: Meter,
): Promise<Omit<LoadReport, 'wrong' | 'lost' | 'missing' | 'notes'>> {
  const startMs = performance.now()
  const generatorBefore = process.cpuUsage()
  const serverBefore = readProcessCpu(spec.serverPid)
  meter.measuring = true
  await sleep(spec.secs * 1000)
  meter.measuring = false
  const serverAfter = readProcessCpu(spec.serverPid)
  const generator = process.cpuUsage(generatorBefore)
  return {
    secs: (performance.now() - startMs) / 1000,
    messages: meter.messages,
    serverCpuUs: serverAfter.us - serverBefore.us,
    serverUserShare: userShare(serverBefore, serverAfter),
    generatorCpuUs: generator.user + generator.system,
    p50Us: meter.latency.quantileUs(0.5),
    p99Us: meter.latency.quantileUs(0.99),
  }
}

exitWithParent()
const report = await generateLoad(JSON.parse(process.argv[2] ?? '') as LoadSpec)
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit())
