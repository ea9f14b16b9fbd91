import { Agent } from 'node:http'
import type { Position } from '@wigwag/hub'
import { buildProgram } from '../build-program.ts'
import { Audit } from './audit.ts'
import type { ClientsReport, ClientsSpec, ClientsTold, Goal } from './clients-spec.ts'
import { Cluster, NODES } from './cluster.ts'
import { type Fault, planFaults } from './faults.ts'
import type { Figures } from './figures.ts'
import { Peer } from './peer.ts'
import { Publisher, type PublisherTally } from './publisher.ts'
import type { Scenario } from './scenario.ts'

const WORKSPACE = new URL('../../', import.meta.url)

/** Plays a scenario with real processes: publishes through both nodes while things break, and counts what became of it. */
export async function play(scenario: Scenario, say: (line: string) => void = () => {}): Promise<Figures> {
  const nodeFile = await buildProgram(new URL('./node-program.ts', import.meta.url), WORKSPACE)
  const clientsFile = await buildProgram(new URL('./clients-program.ts', import.meta.url), WORKSPACE)
  const tooLate = new AbortController()
  const expired = new Promise<never>((_, reject) => {
    tooLate.signal.addEventListener('abort', () => reject(tooLate.signal.reason))
  })
  // Whoever races against it hears of it; by then that may be over.
  expired.catch(() => {})
  const timer = setTimeout(() => {
    tooLate.abort(new Error(`The run took longer than ${scenario.deadlineMs / 1000} s.`))
  }, scenario.deadlineMs)
  timer.unref()
  await using cluster = await Cluster.start(scenario, nodeFile)
  const audit = await Audit.start(cluster.redis.url, scenario)
  const judging: Promise<boolean>[] = []
  const told = (message: ClientsTold): void => {
    if (message.kind === 'unrecovered') judging.push(audit.wasAvoidable(message.channel, message))
  }
  const clients = clientSpecs(scenario, cluster.proxyPorts).map(
    (spec, i) => new Peer<ClientsTold>(`Clients ${i}`, clientsFile, spec, told),
  )
  const publishing = { cluster, clients, audit, judging, signal: tooLate.signal, say }
  try {
    return await Promise.race([publishAndCount(scenario, publishing), expired])
  } finally {
    clearTimeout(timer)
    tooLate.abort()
    for (const process of clients) await process.kill()
    await audit.close()
  }
}

interface Playing {
  readonly cluster: Cluster
  readonly clients: readonly Peer<ClientsTold>[]
  readonly audit: Audit
  readonly judging: readonly Promise<boolean>[]
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

async function publishAndCount(scenario: Scenario, playing: Playing): Promise<Figures> {
  const { cluster, clients, audit, judging, signal, say } = playing
  const startedMs = performance.now()
  await Promise.all(clients.map((process) => process.next('subscribed')))
  say(`${scenario.sessions} sessions are subscribed.`)
  const { publishers, tally } = publishersOf(scenario, cluster, signal)
  const faults = new Faults(scenario, cluster, tally, signal, say)
  await publishAll(scenario, publishers, () => faults.progress(tally.acknowledged))
  await faults.done()
  // Behind the last fault, so that all is well again for whoever hears it.
  await Promise.all(publishers.map((publisher) => publisher.publish()))
  say(`${tally.acknowledged} publications are acknowledged.`)
  const reports = await finish(clients, goalOf(publishers))
  const verdicts = await Promise.all(judging)
  const isKept = scenario.persistence === 'always'
  const kept = isKept && { lost: sumOf(reports, 'missing'), ...(await audit.compare(publishers)) }
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10
  const avoidable = verdicts.filter((verdict) => verdict).length
  return { ...tally, ...faults.counts, ...(kept || {}), ...sumsOf(reports), avoidable, seconds }
}

function channelName(index: number): string {
  return `channel-${index}`
}

/** Each session in neighbouring channels, on one of the ways to a node. */
function clientSpecs(
  { sessions, channels, channelsPerSession, clientProcesses }: Scenario,
  ports: readonly number[],
): ClientsSpec[] {
  const all = Array.from({ length: sessions }, (_, i) => ({
    port: ports[i % ports.length] as number,
    channels: Array.from({ length: channelsPerSession }, (_, j) => channelName((i + j * 7) % channels)),
  }))
  return Array.from({ length: clientProcesses }, (_, process) => ({
    sessions: all.filter((_, i) => i % clientProcesses === process),
  }))
}

function publishersOf(
  { channels, publishersPerChannel }: Scenario,
  { ports }: Cluster,
  signal: AbortSignal,
): { readonly publishers: readonly Publisher[]; readonly tally: PublisherTally } {
  const tally = { acknowledged: 0, refused: 0, unanswered: 0 }
  const agent = new Agent({ keepAlive: true })
  const publishers = Array.from({ length: channels * publishersPerChannel }, (_, i) => {
    return new Publisher(channelName(i % channels), Math.floor(i / channels), ports, agent, tally, signal)
  })
  return { publishers, tally }
}

async function publishAll(
  { publications }: Scenario,
  publishers: readonly Publisher[],
  progress: () => void,
): Promise<void> {
  const each = Math.ceil(publications / publishers.length)
  const publishInTurn = async (publisher: Publisher): Promise<void> => {
    while (publisher.stored.length < each) {
      await publisher.publish()
      progress()
    }
  }
  await Promise.all(publishers.map(publishInTurn))
}

/** What breaks, when its time has come. Of each kind one at a time; of different kinds it may be both. */
class Faults {
  readonly counts = { redisKills: 0, nodeKills: 0, cuts: 0 }
  readonly #cluster: Cluster
  readonly #tally: PublisherTally
  readonly #signal: AbortSignal
  readonly #say: (line: string) => void
  readonly #due: Fault[]
  readonly #underWay = new Map<Fault['kind'], Promise<void>>()

  constructor(
    scenario: Scenario,
    cluster: Cluster,
    tally: PublisherTally,
    signal: AbortSignal,
    say: (line: string) => void,
  ) {
    this.#signal = signal
    this.#cluster = cluster
    this.#tally = tally
    this.#say = say
    this.#due = planFaults(scenario, NODES)
  }

  progress(acknowledged: number): void {
    for (let next = this.#due[0]; next !== undefined; next = this.#due[0]) {
      if (acknowledged < next.afterAcknowledged) return
      this.#due.shift()
      const before = this.#underWay.get(next.kind) ?? Promise.resolve()
      const happening = before.then(() => this.#happen(next))
      // Told to whoever waits for `done`.
      happening.catch(() => {})
      this.#underWay.set(next.kind, happening)
    }
  }

  async done(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  async #happen(fault: Fault): Promise<void> {
    this.#say(`${this.#tally.acknowledged}: ${fault.kind}, node ${fault.node}, ${fault.awayMs} ms`)
    await this.#cluster.suffer(fault, () => this.#refusal())
    if (fault.kind === 'kill-redis') this.counts.redisKills++
    else if (fault.kind === 'kill-node') this.counts.nodeKills++
    else this.counts.cuts++
  }

  /** Resolves when a publisher was refused, or nobody waits any more. */
  async #refusal(): Promise<void> {
    const { refused } = this.#tally
    while (this.#tally.refused === refused && !this.#signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** Where each channel ends: at the last of what its publishers had acknowledged. */
function goalOf(publishers: readonly Publisher[]): Goal {
  const positions: Record<string, Position> = {}
  const counts: Record<string, number[]> = {}
  for (const { channel, stored } of publishers) {
    const { epoch, offset } = stored.at(-1) as Position
    if (offset > (positions[channel]?.offset ?? 0)) positions[channel] = { epoch, offset }
    counts[channel] = [...(counts[channel] ?? []), stored.length]
  }
  return { positions, counts }
}

/** How long clients may take to hear of everything once it is published, in milliseconds. */
const CATCH_UP_MS = 20_000

async function finish(clients: readonly Peer<ClientsTold>[], goal: Goal): Promise<readonly ClientsReport[]> {
  const reports = clients.map((process) => process.next('report'))
  for (const process of clients) process.send({ kind: 'finish', goal })
  const giveUp = setTimeout(() => {
    for (const process of clients) process.send({ kind: 'give-up' })
  }, CATCH_UP_MS)
  try {
    return await Promise.all(reports)
  } finally {
    clearTimeout(giveUp)
  }
}

function sumOf(reports: readonly ClientsReport[], count: Exclude<keyof ClientsReport, 'kind'>): number {
  return reports.reduce((sum, report) => sum + report[count], 0)
}

function sumsOf(reports: readonly ClientsReport[]) {
  return {
    delivered: sumOf(reports, 'delivered'),
    recovered: sumOf(reports, 'recovered'),
    unrecovered: sumOf(reports, 'unrecovered'),
    doubled: sumOf(reports, 'doubled'),
    disordered: sumOf(reports, 'disordered'),
    gaps: sumOf(reports, 'gaps'),
    strayed: sumOf(reports, 'strayed'),
    ended: sumOf(reports, 'ended'),
    unfinished: sumOf(reports, 'unfinished'),
    errors: sumOf(reports, 'errors'),
  }
}
