// `npm run transport-chaos`: a page in Chromium follows over every transport while lines, nodes and Redis fail. Ends with
// 1 when something was lost, doubled or out of order.
import { parseArgs } from 'node:util'
import { launchChromium } from '@wigwag/testkit'
import { findChaosBreaches } from './chaos-breaches.ts'
import { playChaos } from './play-chaos.ts'

// What was started ends with this process, whichever way that is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const HELP = `Usage: npm run transport-chaos -- [options]

A page in Chromium follows a channel over every transport, as pages do that know no library, and as sessions, which are
npm's centrifuge or poll, and as our client, over each of its transports and over all: through lines that are cut, stalled, delayed and throttled, nginx, and two nodes that are killed as their Redis
is. In the end each must have had every publication once and in order; or with --run b, where Redis forgets everything
whenever it is killed, have been told of what it could not have, and of nothing that it could. Needs chromium, nginx and redis-server.

  --seed N     what breaks, and when (default: another one each time, which is printed)
  --faults N   faults on each line (default 60)
  --kills N    how often a node is killed, and Redis as often (default 8)
  --run a|b    Redis keeps everything, or forgets everything when it is killed (default a)
  --sabotage   nodes forget what comes live while they read history, so the run has to fail
  --help       this text
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    faults: { type: 'string', default: '60' },
    kills: { type: 'string', default: '8' },
    run: { type: 'string', default: 'a' },
    sabotage: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)

if (values.help) print(HELP)
else {
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
  print(`seed ${seed}`)
  const [lineFaults, kills] = [Number(values.faults), Number(values.kills)]
  const sabotage = values.sabotage ? 'forget-live' : 'none'
  const persistence = values.run === 'b' ? 'none' : 'always'
  const browser = await launchChromium()
  const figures = await playChaos({ seed, lineFaults, kills, persistence, sabotage }, browser, print)
  await browser.close()
  print(`${figures.publications} publications in ${figures.epochs.length} epochs`)
  for (const { unmet, ...report } of figures.reports) print(`  ${JSON.stringify({ ...report, unmet: unmet.length })}`)
  const breaches = findChaosBreaches(figures)
  for (const breach of breaches) print(`BREACH ${breach}`)
  process.exitCode = breaches.length > 0 ? 1 : 0
}
