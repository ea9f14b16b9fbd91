import { describe, expect, onTestFinished, test } from 'vitest'
import { Batches } from '../budget/batches.ts'
import {
  BUDGET_CELLS,
  BUDGET_SUBJECTS,
  type Budget,
  type BudgetCellName,
  HELD_BYTES,
  IDLE_SUBJECTS,
} from '../budget/budgets.ts'
import { MeteredServer } from '../budget/metered-server.ts'
import type { HandshakeCell } from '../cell.ts'
import { drain } from '../generator/drain.ts'
import { HandshakeLoad } from '../generator/handshake-load.ts'
import { Meter } from '../generator/meter.ts'

const CELLS = Object.entries(BUDGET_CELLS) as [BudgetCellName, (typeof BUDGET_CELLS)[BudgetCellName]][]
/** What is printed when it is asked for: the measured figures, to set budgets by. */
const IS_TOLD = process.env['WIGWAG_TEST_BUDGETS'] !== undefined
const GONE = 7000
const PORTION = 1250
const PORTIONS = 4
/** To see what is allocated for each that comes, and goes. */
const COMING = 2000
/** Open at one time, to see that what is counted is there. */
const OPEN = 10
/** Open at one time, to see what each of them holds; and before, so that what is taken on once is. */
const IDLE = 2000
const IDLE_BEFORE = 500
/** How often they are counted at most. */
const IDLE_COUNTS = 3

describe('no more memory than planned', { timeout: 120_000 }, () => {
  test.each(BUDGET_SUBJECTS)('is allocated for a message: $name', async (subject) => {
    const server = await start(subject)
    const allocated: Record<string, Budget> = {}
    for (const [name, { cell, messages }] of CELLS) {
      const batches = await Batches.open(cell, server.port)
      await batches.run(messages / 2) // until its code is compiled
      await server.ask('begin')
      const arrived = await batches.run(messages)
      const { heapBytes, externalBytes } = await server.ask('end')
      batches.end()
      allocated[name] = { heapBytes: heapBytes / arrived, externalBytes: externalBytes / arrived }
    }
    if (IS_TOLD) console.log(subject.name, allocated)
    const excesses = CELLS.flatMap(([name, { cell }]) => [
      ...excess(`objects for ${cell.name}`, allocated[name]?.heapBytes, subject.budgets[name].heapBytes),
      ...excess(`buffers for ${cell.name}`, allocated[name]?.externalBytes, subject.budgets[name].externalBytes),
    ])
    expect(excesses).toEqual([])
  })

  test.each(BUDGET_SUBJECTS)('is allocated for a connection that comes and goes: $name', async (subject) => {
    const server = await start(subject)
    await comeAndGo(server.port, COMING) // until its code is compiled
    await server.ask('begin')
    const arrived = await comeAndGo(server.port, COMING)
    const handshakeBytes = (await server.ask('end')).heapBytes / arrived
    if (IS_TOLD) console.log(subject.name, { handshakeBytes })
    expect(excess('objects for a handshake', handshakeBytes, subject.handshakeBytes)).toEqual([])
  })

  test.each(IDLE_SUBJECTS)('is held for an idle connection: $name', async (subject) => {
    const server = await start(subject)
    const { cell } = BUDGET_CELLS.single
    const first = await Batches.open({ ...cell, connections: IDLE_BEFORE }, server.port)
    first.end()
    // What others do on the machine can only add to what is counted: code that is compiled meanwhile, timers that are late.
    const counts: number[] = []
    do {
      const before = await held(server)
      const batches = await Batches.open({ ...cell, connections: IDLE }, server.port)
      counts.push(((await server.ask('held')) - before) / IDLE)
      batches.end()
    } while (counts.length < IDLE_COUNTS && Math.min(...counts) > subject.idleBytes)
    if (IS_TOLD) console.log(subject.name, { counts })
    expect(excess('held for each idle connection', Math.min(...counts), subject.idleBytes)).toEqual([])
  })

  // How they read and write makes no difference to what they leave.
  const subjects = BUDGET_SUBJECTS.filter(({ args }) => args.length === 0)
  test.each(subjects)(`is held when ${GONE} connections have come and gone: $name`, async (subject) => {
    const server = await start(subject)
    const none = await server.ask('objects')
    const { cell } = BUDGET_CELLS.single
    const batches = await Batches.open({ ...cell, connections: OPEN }, server.port)
    const some = await server.ask('objects')
    const sockets = subject.program === 'wigwag-ws' ? 'WebSocket' : 'NodeWebSocket'
    // A server of its own has connections without a `Socket` of Node's.
    expect(some).toMatchObject({ Connection: OPEN, [sockets]: OPEN })
    batches.end()
    await comeAndGo(server.port, GONE - PORTIONS * PORTION) // what is taken on once
    // Code that is compiled late is held, too: but not in each portion, as what connections leave would be.
    const growths: number[] = []
    let before = await held(server)
    for (let portion = 0; portion < PORTIONS; portion++) {
      await comeAndGo(server.port, PORTION)
      const after = await held(server)
      growths.push((after - before) / PORTION)
      before = after
    }
    expect(await server.ask('objects')).toEqual(none)
    const growth = Math.min(...growths)
    if (IS_TOLD) console.log(subject.name, { growths })
    expect(excess('held for each connection that is gone', growth, HELD_BYTES)).toEqual([])
  })
})

async function start({
  program,
  args,
}: {
  readonly program: string
  readonly args: readonly string[]
}): Promise<MeteredServer> {
  const server = await MeteredServer.start(program, args)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

function excess(what: string, bytes = Number.NaN, budget: number): string[] {
  if (bytes <= budget) return []
  return [
    `${what}: ${bytes.toFixed(1)} B, ${budget} planned (bench/budget/budgets.ts); --cpu-prof or --heap-prof tells more`,
  ]
}

/** Opens, upgrades, exchanges Close frames and lets go of so many connections at least, 16 at a time. Returns how many. */
async function comeAndGo(port: number, connections: number): Promise<number> {
  const cell: HandshakeCell = { name: 'gone', workload: 'handshake', slots: 16 }
  const meter = new Meter()
  const spec = { cell, protocol: 'websocket', connectPort: port, publishPort: port, processes: [] } as const
  const load = new HandshakeLoad({ ...spec, settleSecs: 0, warmUpSecs: 0, secs: 0, drainSecs: 0 }, cell, meter)
  load.start()
  while (meter.arrived < connections && !meter.hasFaults()) await new Promise((resolve) => setTimeout(resolve, 5))
  load.stop()
  await drain(load, meter, 5)
  load.end()
  expect(meter.notes).toEqual([])
  return meter.arrived
}

/** What the server holds when it has let go of every connection: it hears of their ends in its own time. */
async function held(server: MeteredServer): Promise<number> {
  await expect.poll(() => server.ask('handles'), { timeout: 10_000 }).toBe(0)
  return server.ask('held')
}
