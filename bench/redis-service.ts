import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Program } from './program.ts'

const COMMAND = 'redis-server'
const START_TIMEOUT_MS = 10_000

/** A Redis of one run: empty, on loopback, kept in memory only. */
export interface RedisService {
  readonly program: Program
  readonly url: string
}

/** The version of the Redis that is installed; nothing when none is. */
export function findRedis(): string | undefined {
  const { stdout } = spawnSync(COMMAND, ['--version'], { encoding: 'utf8' })
  return /v=(\S+)/.exec(stdout ?? '')?.[1]
}

/** Starts a Redis; `started` is told the process at once, so that it is ended whatever follows. */
export async function startRedis(core: number | undefined, started: (program: Program) => void): Promise<RedisService> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no']
  const program = new Program({ name: COMMAND, command: COMMAND, args, core })
  started(program)
  await program.line(/Ready to accept connections/, START_TIMEOUT_MS)
  return { program, url: `redis://127.0.0.1:${port}` }
}

/** Redis cannot look for a free port itself: 0 turns TCP off. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
