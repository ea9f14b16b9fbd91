import { exitWithParent } from './exit-with-parent.ts'
import type { LoadReport, LoadSpec } from './generator/load-spec.ts'
import { measureMemory } from './generator/measure-memory.ts'
import { measureTraffic } from './generator/measure-traffic.ts'

function generateLoad(spec: LoadSpec): Promise<LoadReport> {
  return spec.cell.workload === 'memory' || spec.cell.workload === 'session-memory'
    ? measureMemory(spec, spec.cell)
    : measureTraffic(spec)
}

exitWithParent()
const report = await generateLoad(JSON.parse(process.argv[2] ?? '') as LoadSpec)
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit())
