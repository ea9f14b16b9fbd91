// `npm run nothing-lost`: publishes through two nodes while Redis, nodes and clients' lines are killed and cut, and says
// what became of every publication. Ends with 1 when one was lost, doubled, out of order, or missed without a word.
import { parseArgs } from 'node:util'
import { hasRedis } from '@wigwag/testkit'
import { findBreaches } from './figures.ts'
import { play } from './play.ts'
import { runA, runB, SABOTAGES, type Scenario } from './scenario.ts'

// What was started ends with this process, whichever way that is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const HELP = `npm run nothing-lost -- [options]

  --quick          A short run of each, half a minute in all; the long ones take minutes.
  --run A|B        Only this one. A: Redis keeps everything. B: it forgets everything, and history is short.
  --seed NUMBER    What breaks, and when. The default is always the same.
  --sabotage HOW   Nodes do something wrong, so the run has to fail. forget-live: they do not merge what they read with
                   what comes live. invent-gaps: they tell of gaps that there are not.
  --help
`

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    run: { type: 'string' },
    seed: { type: 'string' },
    sabotage: { type: 'string', default: 'none' },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  if (!hasRedis) throw new Error('redis-server, redis-sentinel and redis-cli are needed.')
  const size = values.quick ? 'quick' : 'long'
  const scenarios = { A: runA(size), B: runB(size) }
  const only = values.run === undefined ? undefined : scenarios[values.run as keyof typeof scenarios]
  if (values.run !== undefined && only === undefined) throw new Error('--run takes A or B.')
  let breaches = 0
  for (const scenario of only === undefined ? Object.values(scenarios) : [only]) breaches += await playOne(scenario)
  return breaches === 0 ? 0 : 1
}

async function playOne(planned: Scenario): Promise<number> {
  const seed = values.seed === undefined ? planned.seed : Number(values.seed)
  const sabotage = SABOTAGES.find((each) => each === values.sabotage)
  if (sabotage === undefined) throw new Error(`--sabotage takes ${SABOTAGES.join(', ')}.`)
  const scenario: Scenario = {
    ...planned,
    seed,
    sabotage,
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  print(`Run ${scenario.name}, seed ${seed}`)
  const figures = await play(scenario, (line) => print(`  ${line}`))
  for (const [name, count] of Object.entries(figures)) print(`  ${name.padEnd(14)}${count}`)
  const breaches = findBreaches(scenario, figures)
  for (const breach of breaches) print(`  BREACH: ${breach}`)
  if (breaches.length === 0) print('  Nothing was lost without a word.')
  return breaches.length
}

if (values.help) process.stdout.write(HELP)
else {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  }
}
