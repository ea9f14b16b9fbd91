// `npm run bench:bridge`: bytes per second through `wigwag bridge` beside websockify.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, freePort, runWigwag } from '@wigwag/testkit'
import { cpuSeconds } from '../programs/process-figures.ts'

const HELP = `Usage: npm run bench:bridge -- [--mebibytes N] [--rounds N]

  --mebibytes N   how much passes in each direction in a round (default 256)
  --rounds N      rounds, in which the bridges take turns (default 5)

A second is one of the bridge's CPU time, with that of what it forks. websockify is left out unless it is installed
(apt-get install websockify). Linux only.
`
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
    name: 'websockify',
    isThere: spawnSync('websockify', ['--help']).error === undefined,
    start: async (targetPort) => {
      const port = await freePort()
      const program = new ChildProgram('websockify', [`127.0.0.1:${port}`, `127.0.0.1:${targetPort}`])
      await program.waitFor(/proxying from/i, 'stderr')
      return { program, port }
    },
  },
  {
    name: 'wigwag bridge',
    isThere: true,
    start: async (targetPort) => {
      const program = runWigwag(['bridge', '--listen', '0', '--to', `127.0.0.1:${targetPort}`, '--log-level', 'silent'])
      const [, port] = await program.waitFor(/bridges ws:\/\/[^:]+:(\d+)/)
      return { program, port: Number(port) }
    },
  },
]

/** CPU time of a process and of those that it has forked, in seconds. */
function cpuSecondsOfAll(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  return [pid, ...children.map(Number)].reduce((sum, each) => sum + cpuSeconds(each), 0)
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return -1
  }
}

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
  const before = cpuSecondsOfAll(program.pid)
  if (direction === 'to the target') {
    target.on('data', (chunk: Buffer) => count(chunk.length))
    send((chunk) => client.send(chunk) === 'ok')
  } else {
    const write = (chunk: Buffer): boolean => target.write(chunk)
    target.on('drain', () => send(write))
    send(write)
  }
  await done
  const perSecond = totalBytes / MIB / (cpuSecondsOfAll(program.pid) - before)
  client.terminate()
  target.destroy()
  server.close()
  await program[Symbol.asyncDispose]()
  return perSecond
}

async function run(totalBytes: number, rounds: number): Promise<void> {
  const bridges = BRIDGES.filter(({ isThere }) => isThere)
  for (const direction of DIRECTIONS) {
    const figures = new Map<string, number[]>(bridges.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const bridge of bridges) figures.get(bridge.name)?.push(await measure(bridge, direction, totalBytes))
    }
    for (const [name, all] of figures) {
      const median = all.sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN
      console.log(`${name.padEnd(14)} ${direction}: ${Math.round(median)} MiB per second of its CPU time`)
    }
  }
}

const { values } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean' },
  },
})
if (values.help === true) process.stdout.write(HELP)
else await run(Number(values.mebibytes) * MIB, Number(values.rounds))
