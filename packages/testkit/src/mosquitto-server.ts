import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildProgram } from './child-program.ts'
import { findProgram } from './find-program.ts'
import { freePort } from './free-port.ts'

const PROGRAM = findProgram('mosquitto')

/** Whether tests with an MQTT broker can run here. */
export const hasMosquitto: boolean = PROGRAM !== undefined

/** A real Mosquitto that speaks MQTT over TCP. */
export class MosquittoServer {
  readonly port: number
  readonly #folder: string
  readonly #program: ChildProgram

  private constructor(port: number, folder: string, program: ChildProgram) {
    this.port = port
    this.#folder = folder
    this.#program = program
  }

  /** Starts it on a free port; resolves when it accepts connections. */
  static async start(): Promise<MosquittoServer> {
    if (PROGRAM === undefined) throw new Error('mosquitto is not installed.')
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-mosquitto-'))
    const port = await freePort()
    const file = join(folder, 'mosquitto.conf')
    // As root it would become somebody else, who may not read the folder.
    const user = process.getuid?.() === 0 ? 'user root\n' : ''
    writeFileSync(file, `${user}persistence false\nallow_anonymous true\nlog_dest stderr\nlistener ${port} 127.0.0.1\n`)
    const program = new ChildProgram(PROGRAM, ['-c', file])
    await program.waitFor(/mosquitto version \S+ running/, 'stderr')
    return new MosquittoServer(port, folder, program)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
