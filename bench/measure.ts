import type { Cell } from './cell-table.ts'
import type { LoadReport, LoadSpec } from './generator/load-spec.ts'
import type { Pinning } from './pinning.ts'
import { Program } from './program.ts'

const START_TIMEOUT_MS = 20_000

/** One run of one subject in one cell. */
export interface MeasureRequest {
  readonly cell: Cell
  readonly subjectName: string
  /** The subject's server and the load generator, as JavaScript. */
  readonly serverFile: string
  readonly generatorFile: string
  readonly pinning: Pinning
  readonly warmUpSecs: number
  readonly secs: number
}

/** Starts a fresh server and a fresh generator, and returns what the generator saw. */
export async function measure(request: MeasureRequest): Promise<LoadReport> {
  const { cell, pinning, warmUpSecs, secs } = request
  const [serverCore, generatorCore] =
    pinning.mode === 'pinned' ? [pinning.serverCore, pinning.generatorCore] : [undefined, undefined]
  const server = new Program(`the ${request.subjectName} server`, serverCore, [request.serverFile])
  try {
    const port = Number(await server.firstLine(START_TIMEOUT_MS))
    const spec: LoadSpec = { cell, port, serverPid: server.pid, warmUpSecs, secs }
    const generator = new Program('the load generator', generatorCore, [request.generatorFile, JSON.stringify(spec)])
    try {
      const line = await generator.firstLine((warmUpSecs + secs) * 1000 + 2 * START_TIMEOUT_MS)
      return JSON.parse(line) as LoadReport
    } finally {
      await generator.end()
    }
  } finally {
    await server.end()
  }
}
