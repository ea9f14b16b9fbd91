import { execFile } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What a program writes to, as pipes. */
export interface OutputPipes {
  /** The program's ends, by descriptor: output, errors. To be closed here once it has them. */
  readonly fds: readonly [number, number]
  readonly stdout: Socket
  readonly stderr: Socket
}

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants
/** How many pipes are made at once: for eight programs. */
const BATCH = 16
const run = promisify(execFile)

/**
 * Pipes for what programs write. Node gives them sockets, which cannot be opened by name: `echo >/dev/stderr` fails. It cannot make
 * pipes either, so mkfifo(1) does: some at once, whose names are gone as soon as they are open.
 *
 * Input is a socket still. A pipe that had a name waits for a writer when it is opened: `cat /dev/stdin` would hang where all
 * input had come before, and a failure is better than that.
 */
class PipeStock {
  /** Each with both of its ends open, which keeps it. */
  readonly #keepers: number[] = []
  #making: Promise<void> | undefined
  /** Pipes have names under /proc on Linux alone. */
  #canMake = process.platform === 'linux'

  /** Two pipes; nothing where none can be made. */
  async take(): Promise<OutputPipes | undefined> {
    while (this.#canMake && this.#keepers.length < 2) {
      this.#making ??= this.#make()
      await this.#making
    }
    if (!this.#canMake) return undefined
    return openEnds(this.#keepers.splice(0, 2) as [number, number])
  }

  async #make(): Promise<void> {
    let folder: string | undefined
    try {
      folder = mkdtempSync(join(tmpdir(), 'wigwag-'))
      const names = Array.from({ length: BATCH }, (_, i) => join(folder as string, String(i)))
      await run('mkfifo', ['-m', '600', ...names])
      this.#keepers.push(...names.map((name) => openSync(name, O_RDWR | O_NONBLOCK)))
    } catch {
      // No mkfifo, no room in the folder, too many descriptors: sockets do for nearly all programs.
      this.#canMake = this.#keepers.length >= 2
    } finally {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
      this.#making = undefined
    }
  }
}

function openEnds(keepers: readonly [number, number]): OutputPipes {
  const opened: number[] = []
  const open = (keeper: number, flags: number): number => {
    const fd = openSync(`/proc/self/fd/${keeper}`, flags)
    opened.push(fd)
    return fd
  }
  const [output, errors] = keepers
  try {
    // A program expects ends that block; ours must not.
    const fds = [open(output, O_WRONLY), open(errors, O_WRONLY)] as const
    const stdout = open(output, O_RDONLY | O_NONBLOCK)
    const stderr = open(errors, O_RDONLY | O_NONBLOCK)
    return {
      fds,
      stdout: new Socket({ fd: stdout, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr, readable: true, writable: false }),
    }
  } catch (error) {
    for (const fd of opened) closeSync(fd)
    throw error
  } finally {
    for (const keeper of keepers) closeSync(keeper)
  }
}

/** One stock for all. */
export const pipeStock: { take(): Promise<OutputPipes | undefined> } = new PipeStock()
