import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, freePort, runWigwag } from '@wigwag/testkit'
import type { Comparison, Contestant } from './comparison.ts'
import { cpuSecondsOfForks } from './process-figures.ts'

const MIB = 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'wigwag')

type Direction = 'to the target' | 'from the target'
const DIRECTIONS: readonly Direction[] = ['to the target', 'from the target']

interface Bridge {
  readonly name: string
  readonly isThere: boolean
  start(targetPort: number): Promise<{ readonly program: ChildProgram; readonly port: number }>
}

const BRIDGES: readonly Bridge[] = [
  {
    name: 'wigwag bridge',
    isThere: true,
    start: async (targetPort) => {
      const program = runWigwag(['bridge', '--listen', '0', '--to', `127.0.0.1:${targetPort}`, '--log-level', 'silent'])
      const [, port] = await program.waitFor(/bridges ws:\/\/[^:]+:(\d+)/)
      return { program, port: Number(port) }
    },
  },
  {
    name: 'websockify',
    isThere: spawnSync('websockify', ['--help']).error === undefined,
    start: async (targetPort) => {
      const port = await freePort()
      const program = new ChildProgram('websockify', [`127.0.0.1:${port}`, `127.0.0.1:${targetPort}`])
      await program.waitFor(/proxying from/i, 'stderr')
      return { program, port }
    },
  },
]

/** Passes bytes in one direction; resolves with mebibytes per second of the bridge's CPU time. */
async function measure(bridge: Bridge, direction: Direction, totalBytes: number): Promise<number> {
  let accept: (socket: Socket) => void
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve
  })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    accept(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { program, port } = await bridge.start((server.address() as AddressInfo).port)
  let finish: () => void
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  let received = 0
  const count = (bytes: number): void => {
    received += bytes
    if (received >= totalBytes) finish()
  }
  let sent = 0
  const send = (take: (chunk: Buffer) => boolean): void => {
    while (sent < totalBytes) {
      sent += CHUNK.length
      if (!take(CHUNK)) return
    }
  }
  const client = await connectWebSocket(`ws://127.0.0.1:${port}`, {
    subprotocols: ['binary'],
    message: (_, data) => count(data.length),
    drain: (socket) => send((chunk) => socket.send(chunk) === 'ok'),
  })
  const target = await accepted
  const before = cpuSecondsOfForks(program.pid)
  if (direction === 'to the target') {
    target.on('data', (chunk: Buffer) => count(chunk.length))
    send((chunk) => client.send(chunk) === 'ok')
  } else {
    const write = (chunk: Buffer): boolean => target.write(chunk)
    target.on('drain', () => send(write))
    send(write)
  }
  await done
  const perSecond = totalBytes / MIB / (cpuSecondsOfForks(program.pid) - before)
  client.terminate()
  target.destroy()
  server.close()
  await program[Symbol.asyncDispose]()
  return perSecond
}

/** Bytes through bridges, in both directions. */
export function bridgeComparisons(mebibytes: number): readonly Comparison[] {
  return DIRECTIONS.map((direction) => {
    const contestants = BRIDGES.map((bridge) => ({
      name: bridge.name,
      isThere: bridge.isThere,
      measure: () => measure(bridge, direction, mebibytes * MIB),
    }))
    const [ours, ...others] = contestants as [Contestant, ...Contestant[]]
    return { what: `bridge, ${direction}`, unit: 'MiB', scale: 1, ours, others }
  })
}
