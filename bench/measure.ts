import { type Cell, isMemory } from './cell.ts'
import type { LoadReport, LoadSpec, WatchedProcess } from './generator/load-spec.ts'
import { encodeNativeLoad } from './native-load.ts'
import type { Pinning } from './pinning.ts'
import { Program, type ProgramOptions } from './program.ts'
import { startRedis } from './redis-service.ts'
import type { Subject } from './subject-table.ts'

const START_TIMEOUT_MS = 20_000
const DRAIN_SECS = 5
const SETTLE_SECS = 0.2
// Until what the step before has left to do (timers of an idle collector included) has mostly been done.
const MEMORY_SETTLE_SECS = 1
// Opening thousands of connections, and waiting for what does not come.
const SPARE_MS = 60_000

/** A subject that can run: its server as JavaScript, and what executes that. */
export interface AbleSubject {
  readonly subject: Subject
  readonly command: string
  readonly file: string
}

/** The load generators. */
interface GeneratorFiles {
  /** The one in TypeScript, as JavaScript. */
  readonly node: string
  /** The one in C, compiled; nothing when it is not to be used. */
  readonly c: string | undefined
}

/** One run of one subject in one cell. */
export interface MeasureRequest {
  readonly cell: Cell
  readonly able: AbleSubject
  readonly generators: GeneratorFiles
  readonly pinning: Pinning
  readonly warmUpSecs: number
  readonly secs: number
}

/** Starts fresh servers and a fresh generator, and returns what the generator saw. */
export async function measure(request: MeasureRequest): Promise<LoadReport> {
  const { pinning, warmUpSecs, secs } = request
  const programs: Program[] = []
  try {
    const servers = await startServers(request, programs)
    const { cell, able } = request
    const settleSecs = isMemory(cell) ? MEMORY_SETTLE_SECS : SETTLE_SECS
    const times = { settleSecs, warmUpSecs, secs, drainSecs: DRAIN_SECS }
    const { protocol, sessionProtocol } = able.subject
    const spec: LoadSpec = { cell, protocol, ...(sessionProtocol && { sessionProtocol }), ...servers, ...times }
    const generator = new Program({
      name: 'the load generator',
      ...(await generatorCommand(request.generators, spec)),
      core: pinning.mode === 'pinned' ? pinning.generatorCore : undefined,
    })
    programs.push(generator)
    return JSON.parse(await generator.line(/^\{/, (warmUpSecs + 2 * secs) * 1000 + SPARE_MS)) as LoadReport
  } finally {
    await Promise.all(programs.map((program) => program.end()))
  }
}

async function generatorCommand(
  { c, node }: GeneratorFiles,
  spec: LoadSpec,
): Promise<Pick<ProgramOptions, 'command' | 'args' | 'input'>> {
  const input = c === undefined ? undefined : await encodeNativeLoad(spec)
  return c === undefined || input === undefined
    ? { command: process.execPath, args: [node, JSON.stringify(spec)] }
    : { command: c, args: [], input }
}

type Servers = Pick<LoadSpec, 'connectPort' | 'publishPort' | 'processes'>

/** One process; in `cluster` cells Redis, the process that publishes and the one that has the subscribers. */
async function startServers(request: MeasureRequest, programs: Program[]): Promise<Servers> {
  if (request.cell.workload !== 'cluster') {
    const server = await startServer(request, 'server', [], programs)
    return { connectPort: server.port, publishPort: server.port, processes: [server.watched] }
  }
  const redis = await startRedis(serverCore(request.pinning), (program) => programs.push(program))
  const publisher = await startServer(request, 'publishing', [redis.url], programs)
  const deliverer = await startServer(request, 'delivering', [redis.url], programs)
  const service: WatchedProcess = { name: 'redis-server', role: 'service', pid: redis.program.pid }
  return {
    connectPort: deliverer.port,
    publishPort: publisher.port,
    processes: [publisher.watched, deliverer.watched, service],
  }
}

async function startServer(
  request: MeasureRequest,
  name: string,
  moreArgs: readonly string[],
  programs: Program[],
): Promise<{ readonly port: number; readonly watched: WatchedProcess }> {
  const { subject, command, file } = request.able
  const server = new Program({
    name: `the ${subject.name} server`,
    command,
    args: [file, ...(subject.args ?? []), ...moreArgs],
    core: serverCore(request.pinning),
    ...(subject.env === undefined ? {} : { env: subject.env }),
  })
  programs.push(server)
  const port = Number(await server.line(/^\d+$/, START_TIMEOUT_MS))
  return { port, watched: { name, role: 'server', pid: server.pid } }
}

function serverCore(pinning: Pinning): number | undefined {
  return pinning.mode === 'pinned' ? pinning.serverCore : undefined
}
