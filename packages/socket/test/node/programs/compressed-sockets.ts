// Sockets of ours with permessage-deflate in a process of their own, so that what they leave behind can be told from what
// their peers do. Run with --expose-gc and the condition @wigwag/source; argument: `server`, or the URL to connect to.
// Speaks in lines: `port N` first; then each command (`ID NAME ARGUMENT`, see below) is answered with its ID and the result as JSON.
import { createInterface } from 'node:readline'
import { queryObjects } from 'node:v8'
import { connectWebSocket, NodeWebSocket, type SocketHandlers, WebSocketServer } from '@wigwag/socket'
import { Connection, ExtensionChain } from '@wigwag/socket/core'
import { DeflateCodec } from '../../../src/core/extension/deflate/deflate-codec.ts'
import { GatherBuffer } from '../../../src/core/message/gather-buffer.ts'
import { Outbox } from '../../../src/node/outbox.ts'
import { Pump } from '../../../src/node/pump.ts'
import { patternBytes } from '../support/digest.ts'

/** Memory of this process behind the collector, in bytes. */
export interface ProcessMemory {
  /** What is resident: the median of several samples. */
  readonly rss: number
  /** What objects hold, on the heap and in buffers outside of it. */
  readonly held: number
}

const SAMPLES = 7
const CLASSES = { NodeWebSocket, Pump, Connection, Outbox, ExtensionChain, DeflateCodec, GatherBuffer }
const LARGE = patternBytes(256 * 1024, 1)

let cutWhileSending = 0

/** Echoes messages; a ping says what else to do, and comes behind a fragment. */
const handlers: SocketHandlers<NodeWebSocket> = {
  message(socket, data) {
    socket.send(data)
  },
  ping(socket, payload) {
    const what = String(Buffer.from(payload))
    if (what === 'large') socket.send(LARGE, { compress: true })
    else if (what === 'close') socket.close(1001)
    else if (what === 'terminate') socket.terminate()
  },
  closing(socket) {
    if (socket.bufferedAmount > 0) cutWhileSending++
  },
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits until Node has closed every TCP socket: some linger for what is still to be written. */
async function socketsGone(): Promise<void> {
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  await turns(10)
}

async function measure(): Promise<ProcessMemory> {
  const samples: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    global.gc?.()
    await turns(2)
    samples.push(process.memoryUsage.rss())
  }
  const { heapUsed, external } = process.memoryUsage()
  return { rss: samples.toSorted((a, b) => a - b)[SAMPLES >> 1] as number, held: heapUsed + external }
}

/** Collects all garbage, and so takes its time. */
function count(): Record<keyof typeof CLASSES, number> {
  const counts = Object.entries(CLASSES).map(([name, type]) => [name, queryObjects(type, { format: 'count' })])
  return Object.fromEntries(counts) as Record<keyof typeof CLASSES, number>
}

async function connectAll(url: string, count: number): Promise<void> {
  const atOnce = 64
  for (let at = 0; at < count; at += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - at) }, () =>
      connectWebSocket<unknown>(url, { ...handlers, perMessageDeflate: true, closeTimeoutMs: 5000 }),
    )
    await Promise.all(batch)
  }
}

const [mode = 'server'] = process.argv.slice(2)
if (mode === 'server') {
  const server = new WebSocketServer<unknown>({
    ...handlers,
    perMessageDeflate: true,
    closeTimeoutMs: 5000,
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  console.log(`port ${port}`)
}

/** What can be asked of this process, and what is answered. */
export interface CompressedCommands {
  /** Opens connections to the URL. */
  open(count: number): Promise<void>
  /** Resolves when no socket is left. */
  settle(): Promise<void>
  memory(): Promise<ProcessMemory>
  /** How many objects of each class something still holds. */
  count(): Promise<Record<keyof typeof CLASSES, number>>
  /** How many sockets were closed while a message of theirs was waiting to leave. */
  cutWhileSending(): Promise<number>
}

const commands: CompressedCommands = {
  open: (connections) => connectAll(mode, connections),
  settle: socketsGone,
  memory: measure,
  count: async () => count(),
  cutWhileSending: async () => cutWhileSending,
}

for await (const line of createInterface(process.stdin)) {
  const [id, command, argument] = line.split(' ')
  const result: unknown = await commands[command as keyof CompressedCommands](Number(argument))
  console.log(`${id} ${JSON.stringify(result ?? null)}`)
}
process.exit()
