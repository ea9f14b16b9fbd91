import { setMaxListeners } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { FaultProxy, type launchChromium, NginxServer, planLineFaults, playLineFaults } from '@wigwag/testkit'
import { build } from 'esbuild'
import { Random } from '../../tools/fuzz/random.ts'
import { buildProgram } from '../build-program.ts'
import { Cluster } from '../nothing-lost/cluster.ts'
import type { Fault } from '../nothing-lost/faults.ts'
import { Publisher, type PublisherTally } from '../nothing-lost/publisher.ts'
import type { Sabotage, Scenario } from '../nothing-lost/scenario.ts'
import type { AccountReport, ChaosGoal } from './account.ts'
import type { ChaosFigures } from './chaos-breaches.ts'
import { CHANNEL, SOME_UPGRADES, sleep } from './chaos-channel.ts'
import type { ChaosPage } from './chaos-page.ts'
import { FOLLOWERS } from './page-followers.ts'

/** As `launchChromium` starts it. */
export type Browser = Awaited<ReturnType<typeof launchChromium>>

const WORKSPACE = new URL('../../', import.meta.url)
/** Between two publications of one publisher, in milliseconds. */
const PACE_MS = 5
const PUBLISHERS = 2
/** How long everybody has to catch up when all is well again, in milliseconds. */
const CATCH_UP_MS = 20_000

/** How much breaks. */
export interface ChaosScenario {
  /** Everything that is random comes from it. */
  readonly seed: number
  /** Faults on the line of each transport (count). */
  readonly lineFaults: number
  /** How often a node is killed, and Redis as often (count). */
  readonly kills: number
  /** How Redis keeps what it stores: each command on disk before it is answered, or nothing. */
  readonly persistence: Scenario['persistence']
  /** What nodes do wrong on purpose. */
  readonly sabotage: Sabotage
}

/** Plays a scenario: a page in the browser follows over each transport, behind nginx, while everything in between breaks. */
export async function playChaos(
  scenario: ChaosScenario,
  browser: Browser,
  say: (line: string) => void = () => {},
): Promise<ChaosFigures> {
  const nodeFile = await buildProgram(new URL('../nothing-lost/node-program.ts', import.meta.url), WORKSPACE)
  await using stage = new Stage()
  const kept: Pick<Scenario, 'persistence' | 'historySize' | 'sabotage'> = {
    persistence: scenario.persistence,
    historySize: 100_000,
    sabotage: scenario.sabotage,
  }
  const cluster = stage.use(await Cluster.start(kept, nodeFile))
  const nginx = stage.use(await NginxServer.start((port) => nginxConfig(port, cluster.ports)))
  const lines = new Map<string, FaultProxy>()
  const bases: Record<string, string> = {}
  for (const transport of Object.keys(FOLLOWERS)) {
    const line = stage.use(new FaultProxy(nginx.port))
    lines.set(transport, line)
    // A port each: a browser has six connections to one.
    bases[transport] = `http://127.0.0.1:${await line.listen()}`
  }
  const page = await browser.newPage()
  stage.defer(() => page.close())
  page.on('pageerror', (error) => say(`The page: ${error.message}`))
  await page.goto(await servePage(stage))
  await page.evaluate(`chaos.start(${JSON.stringify(bases)})` satisfies PageCall<'start'>)
  say(`${lines.size} subscribers follow.`)

  const tally: PublisherTally = { acknowledged: 0, refused: 0, unanswered: 0 }
  const abort = new AbortController()
  // Each line is told when all is over.
  setMaxListeners(lines.size, abort.signal)
  stage.defer(() => abort.abort())
  const agent = new Agent({ keepAlive: true })
  const publishers = Array.from(
    { length: PUBLISHERS },
    (_, id) => new Publisher(CHANNEL, id, cluster.ports, agent, tally, abort.signal),
  )
  const epochs = new Set<string>()
  const publish = async (publisher: Publisher): Promise<void> => {
    await publisher.publish()
    epochs.add(publisher.stored.at(-1)?.epoch ?? '')
  }
  let isOver = false
  const publishing = publishers.map(async (publisher) => {
    while (!isOver) {
      await publish(publisher)
      await sleep(PACE_MS)
    }
  })
  const failing = Promise.all([sufferAll(scenario, cluster, tally, say), breakLines(scenario, lines, abort.signal)])
  await Promise.race([failing, Promise.all(publishing)])
  await failing
  isOver = true
  await Promise.all(publishing)
  // Behind the last fault, so that all is well again for whoever hears it.
  for (const publisher of publishers) await publish(publisher)
  say(`${tally.acknowledged} publications are acknowledged.`)
  const call: PageCall<'finish'> = `chaos.finish(${JSON.stringify(goalOf(publishers))}, ${CATCH_UP_MS})`
  const reports = (await page.evaluate(call)) as readonly AccountReport[]
  return { persistence: scenario.persistence, publications: tally.acknowledged, epochs: [...epochs], reports }
}

/** What was started, ended in the other order. */
class Stage {
  readonly #endings: (() => unknown)[] = []

  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.defer(() => resource[Symbol.asyncDispose]())
    return resource
  }

  defer(end: () => unknown): void {
    this.#endings.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.reverse()) await end()
  }
}

/** What is evaluated in the page. */
type PageCall<Method extends keyof ChaosPage> = `chaos.${Method}(${string})`

/** As the guide has it for WebSockets, in front of two nodes; and where every second WebSocket does not get through. */
function nginxConfig(port: number, nodes: readonly number[]): string {
  return `
  upstream nodes {
    ${nodes.map((node) => `server 127.0.0.1:${node} max_fails=0;`).join(' ')}
  }
  split_clients $request_id $lets_through { 50% yes; * no; }
  map $lets_through $some_upgrades { yes $http_upgrade; default ""; }
  server {
    listen 127.0.0.1:${port};
    location ${SOME_UPGRADES} {
      proxy_pass http://nodes/;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $some_upgrades;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }
    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }
  }`
}

/** Serves the page; resolves with its URL. */
async function servePage(stage: Stage): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./chaos-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    conditions: ['@wigwag/source'],
    target: 'es2022',
    logLevel: 'error',
  })
  const html = `<!doctype html><title>Chaos</title><script>${outputFiles[0]?.text ?? ''}</script>`
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stage.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Has nodes and Redis killed, in turn, and started again. */
async function sufferAll(
  { seed, kills }: ChaosScenario,
  cluster: Cluster,
  tally: PublisherTally,
  say: (line: string) => void,
): Promise<void> {
  const random = new Random(seed)
  for (let i = 0; i < kills * 2; i++) {
    await sleep(200 + random.below(600))
    const kind = i % 2 === 0 ? 'kill-node' : 'kill-redis'
    const fault: Fault = { kind, node: random.below(2), afterAcknowledged: 0, awayMs: 20 + random.below(400) }
    say(`${tally.acknowledged}: ${kind}, node ${fault.node}, ${fault.awayMs} ms`)
    const { refused } = tally
    await cluster.suffer(fault, async () => {
      while (tally.refused === refused) await sleep(5)
    })
  }
}

/** Has the line of each transport break, each in its own way. */
async function breakLines(
  { seed, lineFaults }: ChaosScenario,
  lines: ReadonlyMap<string, FaultProxy>,
  signal: AbortSignal,
): Promise<void> {
  const plans = [...lines.values()].map((line, i) => {
    const random = new Random(seed * 100 + i)
    return playLineFaults(line, planLineFaults(random, { count: lineFaults, maxForMs: 500, maxThenMs: 500 }), signal)
  })
  await Promise.all(plans)
}

function goalOf(publishers: readonly Publisher[]): ChaosGoal {
  const ends = publishers.map(({ stored }) => stored.at(-1)).filter((position) => position !== undefined)
  const position = ends.reduce((last, each) => (each.offset > last.offset ? each : last))
  return {
    position: { epoch: position.epoch, offset: position.offset },
    counts: publishers.map(({ stored }) => stored.length),
  }
}
