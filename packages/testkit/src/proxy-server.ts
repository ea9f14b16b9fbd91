import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChildProgram } from './child-program.ts'
import { freePort } from './free-port.ts'

/** Somebody else may take a port between when it was found free and when the program listens on it. */
const MAX_ATTEMPTS = 5
const RETRY_MS = 5

/** How a kind of proxy is started. */
export interface ProxyKind {
  /** The program; nothing when it is not installed. */
  readonly program: string | undefined
  readonly debianPackage: string
  /** The arguments that make it read its configuration from `file`, and stay in the foreground. */
  readonly args: (file: string) => readonly string[]
  /** Wraps what a test configures in what a test does not care about. */
  readonly configure: (config: string, folder: string) => string
}

/** Writes a configuration that listens on `port` of 127.0.0.1. Files go into `folder`, which goes with the proxy. */
export type ProxyConfig = (port: number, folder: string) => string

/** A real reverse proxy as a child process, with its configuration in a folder of its own. */
export class ProxyServer {
  readonly port: number
  readonly #kind: ProxyKind
  readonly #folder: string
  #config: string
  #program: ChildProgram

  protected constructor(started: StartedProxy) {
    this.port = started.port
    this.#kind = started.kind
    this.#folder = started.folder
    this.#config = started.config
    this.#program = started.program
  }

  /** What it logged since it was started last. */
  get log(): string {
    return this.#program.stderr + this.#program.stdout
  }

  /** Ends it at once, with every connection, and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.stop()
    this.#program = await run(this.#kind, this.#folder, this.port)
  }

  /** Ends it at once, with every connection; `restart` brings it back. */
  async stop(): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }

  /** Writes another configuration, or the same again, for a proxy that reads it without ending. */
  protected rewrite(config: ProxyConfig | undefined): void {
    if (config !== undefined) this.#config = config(this.port, this.#folder)
    writeConfig(this.#kind, this.#folder, this.#config)
  }

  protected signal(signal: NodeJS.Signals): void {
    this.#program.kill(signal)
  }

  /** Resolves when its log matches. */
  protected logged(pattern: RegExp): Promise<unknown> {
    return this.#program.waitFor(pattern, 'stderr')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A proxy that accepts connections. */
interface StartedProxy {
  readonly kind: ProxyKind
  readonly port: number
  readonly folder: string
  readonly config: string
  readonly program: ChildProgram
}

/** Starts a proxy on a free port; resolves when it accepts connections. Rejects with its log when it ends instead. */
export async function startProxy(kind: ProxyKind, config: ProxyConfig): Promise<StartedProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-proxy-'))
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const text = config(port, folder)
    writeConfig(kind, folder, text)
    try {
      return { kind, port, folder, config: text, program: await run(kind, folder, port) }
    } catch (error) {
      const isTaken = /address already in use|cannot bind/i.test((error as Error).message)
      if (isTaken && attempt < MAX_ATTEMPTS) continue
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }
}

const CONFIG_FILE = 'proxy.conf'

function writeConfig(kind: ProxyKind, folder: string, config: string): void {
  writeFileSync(join(folder, CONFIG_FILE), kind.configure(config, folder))
}

async function run(kind: ProxyKind, folder: string, port: number): Promise<ChildProgram> {
  const { program: path, debianPackage, args } = kind
  if (path === undefined) throw new Error(`It is not installed. To run this: sudo apt-get install ${debianPackage}`)
  // Killed, nginx would leave its workers behind.
  const program = new ChildProgram(path, args(join(folder, CONFIG_FILE)), {}, 'SIGTERM')
  let hasEnded = false
  void program.exit.then(() => {
    hasEnded = true
  })
  while (!(await accepts(port))) {
    if (hasEnded) break
    await sleep(RETRY_MS)
  }
  // Also when somebody else is who accepts there.
  if (hasEnded) throw new Error(`${path} ended before it accepted connections:\n${program.stderr}${program.stdout}`)
  return program
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
