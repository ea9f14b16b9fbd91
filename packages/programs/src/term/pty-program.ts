import { accessSync, constants, readSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { constants as osConstants } from 'node:os'
import { delimiter, join } from 'node:path'
import { type IPty, spawn } from '@lydell/node-pty'
import { climb, type Rung } from '../process/kill-ladder.ts'
import { ProcessGroup } from '../process/process-group.ts'
import type { TableEntry } from '../process/process-table.ts'
import type { ProgramEnd, ProgramSpec } from '../process/running-program.ts'
import { ProgramsError } from '../programs-error.ts'
import { PtyInput } from './pty-input.ts'
import type { TerminalSize } from './terminal-size.ts'

/** What a terminal tells of its program. */
export interface PtySink {
  output(chunk: Uint8Array): void
  /** There is room for input again. */
  drained(): void
}

/** How long nothing may come once the program has ended, in milliseconds, before no more is expected. */
const LAST_OUTPUT_MS = 500

/** A program with a terminal of its own, which it controls. */
export class PtyProgram implements TableEntry {
  readonly #pty: IPty
  readonly #socket: Socket
  readonly #input: PtyInput
  readonly #group: ProcessGroup
  readonly #rungs: readonly Rung[]
  readonly #atEnd: Promise<ProgramEnd>
  readonly #gone: Promise<void>
  #ending: Promise<void> | undefined
  #hasEnded = false

  private constructor(pty: IPty, rungs: readonly Rung[], sink: PtySink) {
    this.#pty = pty
    this.#rungs = rungs
    this.#socket = socketOf(pty)
    // A shell gives each of its jobs a group of their own.
    this.#group = new ProcessGroup(pty.pid, 'session')
    this.#socket.on('data', (chunk: Buffer) => sink.output(chunk))
    this.#socket.once('end', () => readRest(fdOf(pty), sink))
    this.#input = new PtyInput(fdOf(pty), () => sink.drained())
    this.#socket.once('close', () => this.#input.close())
    // node-pty throws what it does not expect, unless there is somebody else to hear of it.
    this.#socket.on('error', () => {})
    this.#keepLastOutput()
    this.#atEnd = new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        this.#hasEnded = true
        this.#group.leaderEnded()
        resolve(signal ? { by: 'signal', signal: signalName(signal) } : { by: 'status', status: exitCode })
      })
    })
    this.#gone = this.#atEnd.then(() => this.end())
  }

  /** Starts a program. Throws `ProgramsError` `ERR_PROGRAM_START` that says why it could not. */
  static start(spec: ProgramSpec, size: TerminalSize, term: string, rungs: readonly Rung[], sink: PtySink): PtyProgram {
    const { args, env, cwd = process.cwd() } = spec
    const command = findCommand(spec.command, env['PATH'] ?? '')
    if (!isFolder(cwd)) throw new ProgramsError('ERR_PROGRAM_START', `There is no folder ${cwd}.`)
    const { columns: cols, rows } = size
    const pty = spawn(command, [...args], { name: term, cols, rows, cwd, env: { ...env }, encoding: null })
    return new PtyProgram(pty, rungs, sink)
  }

  get pid(): number {
    return this.#pty.pid
  }

  /** Resolves when it has ended and all of its output was told. */
  get ended(): Promise<ProgramEnd> {
    return this.#atEnd
  }

  get gone(): Promise<void> {
    return this.#gone
  }

  /** Writes what was typed; returns whether there is room for more, and `drained` follows if not. */
  write(bytes: Uint8Array): boolean {
    return this.#hasEnded || this.#input.write(bytes)
  }

  /** What was typed and the terminal has not taken. */
  get waitingInputBytes(): number {
    return this.#input.waitingBytes
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.#hasEnded || this.#socket.destroyed) return
    try {
      this.#pty.resize(columns, rows)
    } catch {
      // It has ended in this moment.
    }
  }

  /** Reads no more output, so that the program waits as soon as the kernel holds enough of it. */
  pause(): void {
    if (!this.#hasEnded) this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Brings it to its end, with what it started: its own signal first, then SIGTERM and SIGKILL. Resolves when it is gone. */
  end(): Promise<void> {
    this.#ending ??= climb(this.#group, this.#rungs, this.#atEnd)
    return this.#ending
  }

  kill(): void {
    this.#group.signal('SIGKILL')
  }

  /**
   * node-pty drops the terminal 200 ms behind the end of its program, and with it the output that was not read by then, for want of
   * room or of time. So it is read to its end first: the kernel holds less of it than a session keeps.
   */
  #keepLastOutput(): void {
    const socket = this.#socket
    const close = socket.destroy.bind(socket)
    const destroy = (error?: Error): typeof socket => {
      // Before its descriptor is anybody else's.
      this.#input.close()
      return close(error)
    }
    let isReadingLast = false
    socket.destroy = (error?: Error): typeof socket => {
      if (error !== undefined || isReadingLast) return destroy(error)
      isReadingLast = true
      this.#hasEnded = true
      // The end shows as an error (EIO), unless somebody who was left behind has the terminal still open.
      const timer = setTimeout(() => destroy(), LAST_OUTPUT_MS)
      socket.on('data', () => timer.refresh())
      socket.once('close', () => clearTimeout(timer))
      socket.resume()
      return socket
    }
  }
}

/**
 * The stream of a terminal. node-pty has no call that reads to the end; its version is pinned, and what is asked of the stream
 * is Node's own.
 */
function socketOf(pty: IPty): Socket {
  const { _socket: socket } = pty as unknown as { readonly _socket: Socket }
  return socket
}

/** Its descriptor, which does not block. */
function fdOf(pty: IPty): number {
  return (pty as unknown as { readonly fd: number }).fd
}

/**
 * Reads what a terminal still holds. libuv takes a hang-up behind a read that did not fill its buffer for the end, which is true of
 * streams; a terminal gives 4 KiB at a time, however much it has.
 */
function readRest(fd: number, sink: PtySink): void {
  for (;;) {
    const chunk = Buffer.allocUnsafe(16 * 1024)
    try {
      const length = readSync(fd, chunk)
      if (length === 0) return
      sink.output(chunk.subarray(0, length))
    } catch {
      return // EIO: that was all of it
    }
  }
}

/** The file behind a command. node-pty forks first and finds out then: its child would print why into the terminal. */
function findCommand(command: string, path: string): string {
  const files = command.includes('/') ? [command] : path.split(delimiter).map((folder) => join(folder, command))
  const file = files.find((candidate) => isExecutable(candidate))
  if (file !== undefined) return file
  throw new ProgramsError(
    'ERR_PROGRAM_START',
    `Cannot start ${command}: there is no such program; check the name and the PATH.`,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function signalName(number: number): NodeJS.Signals {
  const names = Object.entries(osConstants.signals) as [NodeJS.Signals, number][]
  return names.find(([, value]) => value === number)?.[0] ?? 'SIGKILL'
}
