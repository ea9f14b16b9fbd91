import { FaultProxy, freePort, RedisServer } from '@wigwag/testkit'
import type { Fault } from './faults.ts'
import type { NodeListening, NodeSpec } from './node-spec.ts'
import { Peer } from './peer.ts'
import type { Scenario } from './scenario.ts'

/** How many nodes there are. */
export const NODES = 2
/** Ways to each node, which are cut one at a time. */
const PROXIES_PER_NODE = 2

/** What of a scenario is the cluster's own. */
type ClusterScenario = Pick<Scenario, 'persistence' | 'historySize' | 'sabotage'>

interface Node {
  readonly port: number
  readonly proxies: readonly FaultProxy[]
  process: Peer<NodeListening>
}

/** A Redis and the nodes of a push server before it, each a process, with ways to them that can be cut. */
export class Cluster {
  readonly redis: RedisServer
  readonly #scenario: ClusterScenario
  readonly #nodeFile: string
  readonly #nodes: Node[] = []
  readonly #proxyPorts: number[] = []
  #hasEnded = false

  private constructor(scenario: ClusterScenario, nodeFile: string, redis: RedisServer) {
    this.#scenario = scenario
    this.#nodeFile = nodeFile
    this.redis = redis
  }

  static async start(scenario: ClusterScenario, nodeFile: string): Promise<Cluster> {
    const redis = await RedisServer.start({ persistence: scenario.persistence })
    const cluster = new Cluster(scenario, nodeFile, redis)
    try {
      for (let i = 0; i < NODES; i++) await cluster.#addNode()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where publishers reach the nodes. */
  get ports(): readonly number[] {
    return this.#nodes.map(({ port }) => port)
  }

  /** Where clients reach them. */
  get proxyPorts(): readonly number[] {
    return this.#proxyPorts
  }

  /** Has something break, and mends it. `noticed` resolves when somebody has noticed that Redis is away. */
  async suffer({ kind, node, awayMs }: Fault, noticed: () => Promise<void>): Promise<void> {
    const hit = this.#nodes[node % NODES] as Node
    switch (kind) {
      case 'kill-redis':
        await this.redis.kill()
        await noticed()
        await sleep(awayMs)
        if (!this.#hasEnded) await this.redis.start()
        break
      case 'kill-node':
        await this.#killNode(hit, this.#nodes[(node + 1) % NODES] as Node, awayMs)
        break
      case 'cut-clients': {
        const proxy = hit.proxies[awayMs % PROXIES_PER_NODE] as FaultProxy
        proxy.cut()
        await sleep(awayMs)
        proxy.mend()
        break
      }
    }
  }

  async #addNode(): Promise<void> {
    const port = await freePort()
    const proxies = Array.from({ length: PROXIES_PER_NODE }, () => new FaultProxy(port))
    const node = { port, proxies, process: this.#startProcess(port) }
    this.#nodes.push(node)
    for (const proxy of proxies) this.#proxyPorts.push(await proxy.listen())
    await node.process.next('listening')
  }

  #startProcess(port: number): Peer<NodeListening> {
    const { historySize, sabotage } = this.#scenario
    const spec: NodeSpec = { port, redisUrl: this.redis.url, historySize, sabotage }
    return new Peer<NodeListening>(`The node on port ${port}`, this.#nodeFile, spec)
  }

  /** As behind a load balancer: meanwhile its clients come to the other one. */
  async #killNode(node: Node, other: Node, awayMs: number): Promise<void> {
    for (const proxy of node.proxies) proxy.retarget(other.port)
    await node.process.kill()
    await sleep(awayMs)
    if (this.#hasEnded) return
    node.process = this.#startProcess(node.port)
    await node.process.next('listening')
    for (const proxy of node.proxies) proxy.retarget(node.port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true
    for (const { process, proxies } of this.#nodes) {
      await process.kill()
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    }
    await this.redis[Symbol.asyncDispose]()
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
