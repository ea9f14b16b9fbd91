import { CuttableProxy, freePort, RedisServer } from '@wigwag/testkit'
import type { Fault } from './faults.ts'
import type { NodeListening, NodeSpec } from './node-spec.ts'
import { Peer } from './peer.ts'
import type { Scenario } from './scenario.ts'

/** How many nodes there are. */
export const NODES = 2
/** Ways to each node, which are cut one at a time. */
const PROXIES_PER_NODE = 2

interface Node {
  readonly port: number
  readonly proxies: readonly CuttableProxy[]
  process: Peer<NodeListening>
}

/** A Redis and the nodes of a push server before it, each a process, with ways to them that can be cut. */
export class Cluster {
  readonly redis: RedisServer
  /** Where publishers reach the nodes. */
  readonly ports: readonly number[]
  /** Where clients reach them. */
  readonly proxyPorts: readonly number[]
  readonly #scenario: Scenario
  readonly #nodeFile: string
  readonly #nodes: readonly Node[]

  private constructor(
    scenario: Scenario,
    nodeFile: string,
    redis: RedisServer,
    nodes: readonly Node[],
    proxyPorts: readonly number[],
  ) {
    this.#scenario = scenario
    this.#nodeFile = nodeFile
    this.redis = redis
    this.#nodes = nodes
    this.ports = nodes.map(({ port }) => port)
    this.proxyPorts = proxyPorts
  }

  static async start(scenario: Scenario, nodeFile: string): Promise<Cluster> {
    const redis = await RedisServer.start({ persistence: scenario.persistence })
    const nodes: Node[] = []
    const proxyPorts: number[] = []
    for (let i = 0; i < NODES; i++) {
      const port = await freePort()
      const process = await startNode(nodeFile, scenario, redis, port)
      const proxies = Array.from({ length: PROXIES_PER_NODE }, () => new CuttableProxy(port))
      for (const proxy of proxies) proxyPorts.push(await proxy.listen())
      nodes.push({ port, proxies, process })
    }
    return new Cluster(scenario, nodeFile, redis, nodes, proxyPorts)
  }

  /** Has something break, and mends it. `noticed` resolves when somebody has noticed that Redis is away. */
  async suffer({ kind, node, awayMs }: Fault, noticed: () => Promise<void>): Promise<void> {
    const hit = this.#nodes[node % NODES] as Node
    switch (kind) {
      case 'kill-redis':
        await this.redis.kill()
        await noticed()
        await sleep(awayMs)
        await this.redis.start()
        break
      case 'kill-node':
        await this.#killNode(hit, this.#nodes[(node + 1) % NODES] as Node, awayMs)
        break
      case 'cut-clients': {
        const proxy = hit.proxies[awayMs % PROXIES_PER_NODE] as CuttableProxy
        proxy.cut()
        await sleep(awayMs)
        proxy.mend()
        break
      }
    }
  }

  /** As behind a load balancer: meanwhile its clients come to the other one. */
  async #killNode(node: Node, other: Node, awayMs: number): Promise<void> {
    for (const proxy of node.proxies) proxy.retarget(other.port)
    await node.process.kill()
    await sleep(awayMs)
    node.process = await startNode(this.#nodeFile, this.#scenario, this.redis, node.port)
    for (const proxy of node.proxies) proxy.retarget(node.port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process, proxies } of this.#nodes) {
      await process.kill()
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    }
    await this.redis[Symbol.asyncDispose]()
  }
}

async function startNode(
  file: string,
  { historySize, sabotage }: Scenario,
  redis: RedisServer,
  port: number,
): Promise<Peer<NodeListening>> {
  const spec: NodeSpec = { port, redisUrl: redis.url, historySize, sabotage }
  const process = new Peer<NodeListening>(`The node on port ${port}`, file, spec)
  await process.next('listening')
  return process
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
