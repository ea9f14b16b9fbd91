import { CloseCode, type NodeWebSocket, type SendStatus } from '@wigwag/socket'
import type { ProgramEnd, RunningProgram } from '../process/running-program.ts'
import type { ExecEvent } from './exec-event.ts'
import type { ResolvedExecOptions } from './exec-options.ts'
import { exitClose } from './exit-close.ts'
import { logLines } from './log-lines.ts'
import { ProgramOutput } from './program-output.ts'

/** What of the options a connection looks at. */
type Options = Pick<ResolvedExecOptions, 'format' | 'stderr' | 'maxLineBytes'>

/**
 * One WebSocket and the program behind it. Each is paused while the other has no room: the program's output while the socket
 * is backed up, the socket while the program's input is full. When one of them ends the other does.
 */
export class ProgramConnection {
  readonly program: RunningProgram
  readonly #options: Options
  readonly #onEvent: (event: ExecEvent) => void
  #socket: NodeWebSocket<unknown> | undefined
  #outputs: readonly ProgramOutput[] = []
  #openOutputs = 0
  #end: ProgramEnd | undefined
  #isPaused = false

  constructor(program: RunningProgram, options: Options, onEvent: (event: ExecEvent) => void) {
    this.program = program
    this.#options = options
    this.#onEvent = onEvent
    // From the start: what a program has to complain of before its client comes in is told as well.
    if (options.stderr === 'log')
      logLines(program.stderr, (line) => onEvent({ type: 'stderr', pid: program.pid, line }))
  }

  /** Whether its socket was accepted. */
  get isOpen(): boolean {
    return this.#socket !== undefined
  }

  /** The socket was accepted. */
  open(socket: NodeWebSocket<unknown>): void {
    this.#socket = socket
    const { program } = this
    const stdout = (data: string | Uint8Array): SendStatus => socket.send(data)
    if (this.#options.stderr === 'log') this.#outputs = [this.#output(program.stdout, stdout)]
    else {
      const wrapped = (stream: 'stdout' | 'stderr') => (data: string | Uint8Array) =>
        socket.send(JSON.stringify({ stream, data: asText(data) }))
      this.#outputs = [this.#output(program.stdout, wrapped('stdout')), this.#output(program.stderr, wrapped('stderr'))]
    }
    this.#openOutputs = this.#outputs.length
    void program.ended.then((end) => {
      this.#end = end
      this.#closeWhenDone()
    })
    // A program may close its input and go on; what its client still sends goes nowhere, and must not stop the client.
    program.stdin.once('close', () => this.#resume())
    program.stdin.on('drain', () => this.#resume())
  }

  /** Its client sent something. */
  message(data: string | Uint8Array): void {
    const { stdin } = this.program
    if (!stdin.writable) return
    const isLine = this.#options.format === 'lines'
    if (isLine) stdin.cork()
    let takesMore = stdin.write(data)
    if (isLine) {
      takesMore = stdin.write('\n') && takesMore
      stdin.uncork()
    }
    if (takesMore || this.#isPaused) return
    this.#isPaused = true
    this.#socket?.pause()
  }

  /** What was sent to its client has left. */
  drained(): void {
    for (const output of this.#outputs) output.drained()
  }

  /** Its client has left, or never came in: the program is brought to its end. */
  close(): void {
    for (const output of this.#outputs) output.discard()
    const { program } = this
    // What nobody reads keeps its descriptor.
    if (this.#outputs.length === 0) for (const stream of [program.stdout, program.stderr]) stream.resume()
    void program.end()
  }

  #output(stream: RunningProgram['stdout'], send: (data: string | Uint8Array) => SendStatus): ProgramOutput {
    return new ProgramOutput(stream, this.#options, {
      send,
      lineTooLong: () => {
        const { maxLineBytes } = this.#options
        const { pid } = this.program
        this.#onEvent({ type: 'line-too-long', pid, maxLineBytes })
        this.#socket?.close(CloseCode.internalError, `The program wrote a line of more than ${maxLineBytes} bytes`)
      },
      ended: () => {
        this.#openOutputs--
        this.#closeWhenDone()
      },
    })
  }

  /** Its end is told behind all of its output, which whatever it started may go on with for a moment. */
  #closeWhenDone(): void {
    if (this.#end === undefined || this.#openOutputs > 0) return
    const { code, reason } = exitClose(this.#end)
    this.#socket?.close(code, reason)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }
}

function asText(data: string | Uint8Array): string {
  return typeof data === 'string' ? data : Buffer.from(data).toString('base64')
}
