import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildProgram, type ProgramExit } from './child-program.ts'
import { freePort } from './free-port.ts'

/** Whether tests with a real Redis can run here. */
export const hasRedis: boolean = ['redis-server', 'redis-sentinel', 'redis-cli'].every(
  (command) => spawnSync(command, ['--version']).error === undefined,
)

/** How a Redis server keeps what it stores. */
export interface RedisServerOptions {
  /** `'none'` (default) forgets everything at its end; `'always'` writes each command to disk before it is answered. */
  readonly persistence?: 'none' | 'always'
  /** Further arguments, as `redis-server` takes them. */
  readonly args?: readonly string[]
}

/** A real `redis-server` in a test's hands, on a port and in a folder of its own. It may be killed and started again. */
export class RedisServer {
  readonly port: number
  readonly #folder: string
  readonly #args: readonly string[]
  #program: ChildProgram | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'wigwag-redis-'))
    this.#args = args
  }

  /** Starts a server; resolves when it accepts connections. */
  static async start({ persistence = 'none', args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
    const kept = persistence === 'always' ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
    const server = new RedisServer(await freePort(), ['--save', '', ...kept, ...args])
    await server.start()
    return server
  }

  /** `redis://127.0.0.1:PORT`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts it again on the same port, with what it kept. */
  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    const program = new ChildProgram('redis-server', [...own, ...this.#args])
    this.#program = program
    await program.waitFor(/Ready to accept connections/)
  }

  /** Ends it, by default as a crash would. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProgramExit | undefined> {
    this.#program?.kill(signal)
    return this.#program?.exit
  }

  /** Stops it in its tracks, connections open, and lets it go on. */
  freeze(): void {
    this.#program?.kill('SIGSTOP')
  }

  /** Lets it go on. */
  thaw(): void {
    this.#program?.kill('SIGCONT')
  }

  /** Runs one command with `redis-cli`; resolves with what it printed. */
  async cli(...command: readonly string[]): Promise<string> {
    return redisCli(this.port, ...command)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Runs one command with `redis-cli`; resolves with what it printed, without the last end of line. */
export async function redisCli(port: number, ...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new ChildProgram('redis-cli', ['-p', String(port), ...command]).exit
  if (code !== 0) throw new Error(`redis-cli ${command.join(' ')} ended with ${code}: ${stderr}${stdout}`)
  return stdout.replace(/\n$/, '')
}

/** Three sentinels that watch a master, with time-outs fit for a test. */
export class RedisSentinels {
  readonly ports: readonly number[]
  readonly #folder: string
  readonly #programs: readonly ChildProgram[]

  private constructor(ports: readonly number[], folder: string, programs: readonly ChildProgram[]) {
    this.ports = ports
    this.#folder = folder
    this.#programs = programs
  }

  /** Starts them; resolves when they know each other and `replicas` replicas. */
  static async start(masterPort: number, replicas: number): Promise<RedisSentinels> {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-sentinel-'))
    const ports: number[] = []
    const programs: ChildProgram[] = []
    for (let i = 0; i < 3; i++) {
      const port = await freePort()
      const file = join(folder, `${i}.conf`)
      writeFileSync(
        file,
        `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor wigwag 127.0.0.1 ${masterPort} 2\n` +
          'sentinel down-after-milliseconds wigwag 500\nsentinel failover-timeout wigwag 2000\n',
      )
      const program = new ChildProgram('redis-sentinel', [file])
      await program.waitFor(/\+monitor master wigwag/)
      ports.push(port)
      programs.push(program)
    }
    const sentinels = new RedisSentinels(ports, folder, programs)
    for (const port of ports) {
      await untilTrue(async () => {
        const known = (await redisCli(port, 'sentinel', 'master', 'wigwag')).split('\n')
        const count = (name: string): number => Number(known[known.indexOf(name) + 1])
        return count('num-other-sentinels') === 2 && count('num-slaves') === replicas
      })
    }
    return sentinels
  }

  /** `redis+sentinel://…/wigwag`. */
  get url(): string {
    return `redis+sentinel://${this.ports.map((port) => `127.0.0.1:${port}`).join(',')}/wigwag`
  }

  /** Resolves when they have made the server at `port` the master. */
  async untilMaster(port: number): Promise<void> {
    await untilTrue(async () => {
      const [first = 0] = this.ports
      const answer = await redisCli(first, 'sentinel', 'get-master-addr-by-name', 'wigwag')
      return answer.split('\n')[1] === String(port)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Other programs do not say when they are done: asks until they are. */
async function untilTrue(ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error('It has not come true in 20 s.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
