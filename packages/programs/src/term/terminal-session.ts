import { randomBytes } from 'node:crypto'
import { CloseCode, type CloseInfo } from '@wigwag/socket'
import { exitClose } from '../exec/exit-close.ts'
import type { ProgramEnd } from '../process/running-program.ts'
import type { CastRecorder } from './cast-recorder.ts'
import { OutputBatch } from './output-batch.ts'
import { OutputLog } from './output-log.ts'
import type { PtyProgram, PtySink } from './pty-program.ts'
import type { TerminalSize } from './terminal-size.ts'
import type { TerminalViewer } from './terminal-viewer.ts'
import { outputMessage, stateMessage } from './tty-message.ts'

/** How far a program may be ahead of whoever sets its pace, before it is paused, and from where on it goes on. */
const AHEAD_BYTES = 128 * 1024
const RESUME_BYTES = 32 * 1024

/** How long a program may read nothing of what waits for it, before whoever typed it is sent away, in milliseconds. */
const INPUT_PATIENCE_MS = 5000

/** How much may wait for a program that reads slowly, where somebody adds to what another one has typed. */
const MAX_WAITING_BYTES = 1024 * 1024

/** What a session asks of whoever has it. */
export interface SessionOptions {
  /** How long it stays when nobody looks, or its program has ended, in milliseconds; 0 ends it at once. */
  readonly keepMs: number
  readonly scrollbackBytes: number
  /** How many lines somebody who comes late is shown. */
  readonly shareLines: number
  readonly writable: boolean
}

/**
 * A terminal, its program, and everybody who looks at it. One of them writes: whoever came last with the right to. The size
 * is theirs, and so is the pace: the program is paused while they have no room. Others who are too slow skip what they miss.
 * While nobody looks the program runs on freely.
 */
export class TerminalSession implements PtySink {
  readonly number: number
  /** Lets one come back as the writer. */
  readonly writerKey: string = createKey()
  /** Lets one look. */
  readonly viewerKey: string = createKey()
  readonly #options: SessionOptions
  readonly #log: OutputLog
  readonly #viewers = new Set<TerminalViewer>()
  readonly #batch = new OutputBatch(() => this.#pumpAll())
  readonly #onOver: (finished: Promise<void>) => void
  #finished: Promise<void> | undefined
  #program: PtyProgram | undefined
  #recorder: CastRecorder | undefined
  #size: TerminalSize
  #writer: TerminalViewer | undefined
  #end: ProgramEnd | undefined
  #keepTimer: NodeJS.Timeout | undefined
  #isHeld = false
  #isInputHeld = false
  #inputTimer: NodeJS.Timeout | undefined

  /** `onOver` is told once, when nobody can come to it any more; its promise resolves when nothing of it is left. */
  constructor(number: number, size: TerminalSize, options: SessionOptions, onOver: (finished: Promise<void>) => void) {
    this.number = number
    this.#size = size
    this.#options = options
    this.#onOver = onOver
    this.#log = new OutputLog(options.scrollbackBytes)
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** The program was started. */
  run(program: PtyProgram, recorder: CastRecorder | undefined): void {
    this.#program = program
    this.#recorder = recorder
    void program.ended.then((end) => this.#ended(end))
  }

  /** Somebody comes; with an offset that is kept they go on from there, otherwise with the last lines. */
  join(viewer: TerminalViewer, size: TerminalSize | undefined, offset: number | undefined): void {
    clearTimeout(this.#keepTimer)
    this.#viewers.add(viewer)
    const isKept = offset !== undefined && offset >= this.#log.start && offset <= this.#log.end
    if (isKept) viewer.moveTo(offset)
    const isAtBeginning = isKept || this.#log.end === 0
    if (viewer.mayWrite) this.#setWriter(viewer)
    if (size !== undefined && (viewer === this.#writer || this.#viewers.size === 1)) this.resize(viewer, size)
    if (isAtBeginning) this.#tellState(viewer, viewer.position)
    else this.#resync(viewer)
    this.#tellOthers(viewer)
    if (this.#end !== undefined) viewer.closeBehind(exitClose(this.#end))
    this.#batch.schedule()
  }

  leave(viewer: TerminalViewer): void {
    if (!this.#viewers.delete(viewer)) return
    if (this.#writer === viewer) {
      this.#releaseInput()
      this.#writer = undefined
    }
    this.#updatePace()
    this.#tellOthers(viewer)
    if (this.#viewers.size === 0) this.#keepOrEnd()
  }

  /** What a viewer typed; only the writer's reaches the program. */
  input(viewer: TerminalViewer, bytes: Uint8Array): void {
    if (viewer !== this.#writer || this.#program === undefined) return
    // One who types is held up, but one after the other would fill the memory.
    const waitingBytes = this.#program.waitingInputBytes
    if (waitingBytes > 0 && waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      viewer.close({ code: CloseCode.policyViolation, reason: 'More waits for the program than it may' })
      return
    }
    if (this.#program.write(bytes) || this.#isInputHeld) return
    this.#isInputHeld = true
    viewer.holdInput()
    this.#watchInput(viewer, this.#program.waitingInputBytes)
  }

  /** Whoever is held up cannot even be heard to leave: so not for longer than a program has reasons for. */
  #watchInput(viewer: TerminalViewer, waitingBytes: number): void {
    this.#inputTimer = setTimeout(() => {
      const leftBytes = this.#program?.waitingInputBytes ?? 0
      if (leftBytes < waitingBytes) this.#watchInput(viewer, leftBytes)
      else {
        // What still comes of it goes nowhere, and must be read for its goodbye to be.
        this.#releaseInput()
        this.#writer = undefined
        viewer.close({ code: CloseCode.policyViolation, reason: 'The program does not read what is typed' })
      }
    }, INPUT_PATIENCE_MS)
  }

  /** The program has read what was typed. */
  drained(): void {
    if (!this.#isInputHeld) return
    this.#releaseInput()
  }

  /** A viewer's screen has changed; the size is that of whoever writes, or of the first while nobody does. */
  resize(viewer: TerminalViewer, size: TerminalSize): void {
    const [first] = this.#viewers
    if (viewer !== (this.#writer ?? first)) return
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return
    this.#size = size
    this.#program?.resize(size)
    this.#recorder?.resize(size)
    this.#tellOthers(viewer)
  }

  /** A viewer wants to write from now on. */
  take(viewer: TerminalViewer): void {
    if (!viewer.mayWrite || viewer === this.#writer) return
    this.#setWriter(viewer)
    for (const each of this.#viewers) this.#tellState(each, undefined)
  }

  /** A viewer has room again, or has none: by its own word, or because its socket has. */
  pump(viewer: TerminalViewer): void {
    viewer.pump(this.#log, (slow) => this.#resync(slow))
    this.#updatePace()
  }

  output(chunk: Uint8Array): void {
    this.#log.append(chunk)
    this.#recorder?.output(chunk)
    this.#batch.add(chunk.length)
  }

  /** The recording has room again. */
  recorded(): void {
    this.#updatePace()
  }

  /** Everybody is told to go, and the program ended. */
  async close(close: CloseInfo): Promise<void> {
    for (const viewer of this.#viewers) viewer.close(close)
    await this.#over()
  }

  #setWriter(viewer: TerminalViewer): void {
    this.#releaseInput()
    this.#writer = viewer
    this.#updatePace()
  }

  #releaseInput(): void {
    clearTimeout(this.#inputTimer)
    this.#isInputHeld = false
    this.#writer?.releaseInput()
  }

  #pumpAll(): void {
    for (const viewer of this.#viewers) viewer.pump(this.#log, (slow) => this.#resync(slow))
    this.#updatePace()
  }

  #updatePace(): void {
    const aheadBytes = this.#aheadBytes()
    const isAhead = this.#recorder?.isBackedUp === true || aheadBytes > (this.#isHeld ? RESUME_BYTES : AHEAD_BYTES)
    if (isAhead === this.#isHeld) return
    this.#isHeld = isAhead
    if (isAhead) this.#program?.pause()
    else this.#program?.resume()
  }

  /** How far it is ahead of its writer, or else of the fastest of those who look. */
  #aheadBytes(): number {
    if (this.#viewers.size === 0) return 0
    const pacers = this.#writer === undefined ? [...this.#viewers] : [this.#writer]
    return this.#log.end - Math.max(...pacers.map(({ position }) => position))
  }

  /** Begins anew, with what its terminal has to know and the last lines. */
  #resync(viewer: TerminalViewer): void {
    const { offset, modes } = this.#log.entrance(this.#options.shareLines)
    const message = outputMessage(modes.length)
    message.set(modes, 1)
    viewer.send(message)
    viewer.moveTo(offset)
    // Behind it: what a terminal is told first is no part of the output that offsets count.
    this.#tellState(viewer, offset)
  }

  #tellOthers(viewer: TerminalViewer): void {
    for (const other of this.#viewers) if (other !== viewer) this.#tellState(other, undefined)
  }

  #tellState(viewer: TerminalViewer, offset: number | undefined): void {
    if (!viewer.isOurs) return
    const isWriter = viewer === this.#writer
    const state = stateMessage({
      offset,
      role: isWriter ? 'writer' : 'viewer',
      mayWrite: viewer.mayWrite,
      writerKey: viewer.mayWrite ? this.writerKey : undefined,
      viewerKey: this.viewerKey,
      keepMs: this.#options.keepMs,
      size: this.#size,
      viewers: this.#viewers.size,
    })
    viewer.send(state)
  }

  #ended(end: ProgramEnd): void {
    this.#end = end
    this.#isHeld = false
    for (const viewer of this.#viewers) viewer.closeBehind(exitClose(end))
    this.#batch.schedule()
    if (this.#viewers.size === 0) this.#keepOrEnd()
  }

  /** Nobody looks any more. */
  #keepOrEnd(): void {
    clearTimeout(this.#keepTimer)
    const { keepMs } = this.#options
    // Whoever has seen the end of it need not see it again.
    if (keepMs === 0) void this.#over()
    else this.#keepTimer = setTimeout(() => void this.#over(), keepMs)
  }

  #over(): Promise<void> {
    clearTimeout(this.#keepTimer)
    if (this.#finished === undefined) {
      this.#finished = this.#finish()
      this.#onOver(this.#finished)
    }
    return this.#finished
  }

  async #finish(): Promise<void> {
    // What it still writes is read, or it could not end.
    this.#program?.resume()
    await this.#program?.end()
    await this.#program?.ended
    await this.#recorder?.close()
  }
}

/** 128 bits that nobody guesses. */
function createKey(): string {
  return randomBytes(16).toString('base64url')
}

/** What viewers are told when the server stops. */
export const SHUTTING_DOWN: CloseInfo = { code: CloseCode.goingAway, reason: 'The server is shutting down' }
