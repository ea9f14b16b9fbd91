import { createInflateRaw, type InflateRaw, constants as zlib } from 'node:zlib'
import { IS_NATIVE_ALLOWED } from './native-support.ts'
import { nodeBytes } from './node-bytes.ts'

/**
 * What Node's zlib streams are made of, used directly, and used again: a stream for each message costs several times what
 * compressing a small message does. None of it is documented, so it is used only in versions where it was tested, and
 * only as Node itself was seen to do it; `io: 'public'` never comes here.
 */

/** zlib's own stream, as far as it is used here. Node ends the process when it is given what it does not expect. */
interface ZlibHandle {
  /** Called again, it only takes another dictionary, which is in force from the next `reset` on. */
  init(...call: InitCall): void
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputBytes: number,
    output: Uint8Array,
    outputStart: number,
    outputBytes: number,
  ): void
  close(): void
  onerror: (message: string, errno: number, code: string) => void
}

type InitCall = [
  windowBits: number,
  level: number,
  memLevel: number,
  strategy: number,
  left: Uint32Array,
  whenWritten: () => void,
  dictionary: Uint8Array | undefined,
  ...more: unknown[],
]

interface ZlibBinding {
  readonly Handle: new (mode: number) => ZlibHandle
  /** What versions of Node differ in: further arguments of `init`. */
  readonly more: readonly unknown[]
}

let binding: ZlibBinding | undefined

/** Whether there is such a thing here. Must be asked before anything is opened. */
export function hasNativeZlib(): boolean {
  binding ??= loadBinding()
  return binding !== undefined
}

function loadBinding(): ZlibBinding | undefined {
  if (!IS_NATIVE_ALLOWED) return undefined
  try {
    return observeBinding()
  } catch {
    return undefined
  }
}

/** Has Node open a stream, and looks how it does that. */
function observeBinding(): ZlibBinding | undefined {
  const prototype: unknown = Object.getPrototypeOf(handleOf(createInflateRaw()))
  if (!isHandle(prototype)) return undefined
  const expected = { windowBits: 11, level: 3, memLevel: 5, strategy: zlib.Z_FILTERED, dictionary: Buffer.of(1, 2, 3) }
  const { init } = prototype
  let seen: readonly unknown[] = []
  prototype.init = function (this: ZlibHandle, ...call: InitCall): void {
    seen = call
    init.apply(this, call)
  }
  try {
    handleOf(createInflateRaw(expected))
  } finally {
    prototype.init = init
  }
  const [windowBits, level, memLevel, strategy, left, whenWritten, dictionary, ...more] = seen
  const known =
    windowBits === expected.windowBits &&
    level === expected.level &&
    memLevel === expected.memLevel &&
    strategy === expected.strategy &&
    left instanceof Uint32Array &&
    left.length === 2 &&
    typeof whenWritten === 'function' &&
    dictionary === expected.dictionary &&
    more.length <= 1
  if (!known) return undefined
  return { Handle: prototype.constructor as ZlibBinding['Handle'], more }
}

function handleOf(stream: InflateRaw): unknown {
  const { _handle: handle } = stream as InflateRaw & { _handle?: unknown }
  stream.close()
  return handle
}

function isHandle(prototype: unknown): prototype is ZlibHandle {
  const { init, reset, writeSync, close } = prototype as Partial<ZlibHandle>
  return [init, reset, writeSync, close].every((method) => typeof method === 'function')
}

/** zlib's numbers for what is opened. */
export const ZlibMode: { readonly deflateRaw: number; readonly inflateRaw: number } = {
  deflateRaw: zlib.DEFLATERAW,
  inflateRaw: zlib.INFLATERAW,
}

/** What a run ends with when it is not bytes. */
export type ZlibFailure = 'malformed' | 'too-large'

/** Faults of the data, rather than of the machine. */
const DATA_FAULTS: readonly string[] = ['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT']

/** Output is first put here; most of it fits. Never handed out. */
const scratch: Uint8Array = Buffer.allocUnsafeSlow(64 * 1024)
const LARGEST_PIECE_BYTES = 1024 * 1024

const ignore = (): void => undefined

/** How a stream is set up; what decompresses looks at the window only. */
export interface ZlibSettings {
  readonly windowBits: number
  readonly level: number
  readonly memLevel: number
}

/** A zlib stream that starts over with every run. */
export class NativeZlib {
  readonly #handle: ZlibHandle
  readonly #init: InitCall
  /** zlib tells here how much space is left in the output, and how much is left of the input. */
  readonly #left = new Uint32Array(2)
  #hasDictionary = false
  #fault: Error | 'malformed' | undefined
  /** How much of the input the last run read. */
  consumed = 0

  /** Only where there is one, with settings that zlib takes: others end the process. */
  constructor(mode: number, { windowBits, level, memLevel }: ZlibSettings) {
    const { Handle, more } = binding as ZlibBinding
    this.#handle = new Handle(mode)
    this.#init = [windowBits, level, memLevel, zlib.Z_DEFAULT_STRATEGY, this.#left, ignore, undefined, ...more]
    this.#handle.onerror = (message, _errno, code) => {
      this.#fault = DATA_FAULTS.includes(code)
        ? 'malformed'
        : Object.assign(new Error(`zlib failed: ${message}`), { code })
    }
    this.#handle.init(...this.#init)
  }

  /** All that becomes of `input` behind `dictionary`; at most `maxBytes`. Throws when zlib has no memory. */
  run(input: Uint8Array, dictionary: Uint8Array, flush: number, maxBytes: number): Uint8Array | ZlibFailure {
    this.#fault = undefined
    this.#start(dictionary)
    const first = this.#write(input, 0, flush, scratch, maxBytes)
    if (typeof first === 'string') return first
    if (this.#left[0] !== 0) return nodeBytes.copy(scratch, 0, first)
    return this.#runOn(input, flush, maxBytes, first)
  }

  /** Frees what zlib has allocated. No run may follow. */
  close(): void {
    this.#handle.close()
  }

  #start(dictionary: Uint8Array): void {
    if (this.#hasDictionary || dictionary.length > 0) {
      this.#hasDictionary = dictionary.length > 0
      this.#init[6] = this.#hasDictionary ? dictionary : undefined
      this.#handle.init(...this.#init)
      this.#init[6] = undefined // zlib has copied it
    }
    this.#handle.reset()
  }

  /** Fills `output`, as far as `maxBytes` are. Returns how much that is. */
  #write(input: Uint8Array, at: number, flush: number, output: Uint8Array, maxBytes: number): number | ZlibFailure {
    // One byte more than is allowed says that there are too many.
    const space = Math.min(output.length, maxBytes + 1)
    if (this.#fault === undefined) this.#handle.writeSync(flush, input, at, input.length - at, output, 0, space)
    const fault = this.#fault
    if (fault instanceof Error) throw fault
    if (fault !== undefined) return fault
    const [spaceLeft, inputLeft] = this.#left as unknown as [number, number]
    this.consumed = input.length - inputLeft
    return space - spaceLeft > maxBytes ? 'too-large' : space - spaceLeft
  }

  /** The same for what does not fit into the scratch: memory follows what comes. */
  #runOn(input: Uint8Array, flush: number, maxBytes: number, first: number): Uint8Array | ZlibFailure {
    const pieces = [nodeBytes.copy(scratch, 0, first)]
    let total = first
    do {
      const output = nodeBytes.allocate(Math.min(total, LARGEST_PIECE_BYTES, maxBytes - total + 1))
      const made = this.#write(input, this.consumed, flush, output, maxBytes - total)
      if (typeof made === 'string') return made
      pieces.push(output.subarray(0, made))
      total += made
    } while (this.#left[0] === 0)
    const whole = nodeBytes.allocate(total)
    let offset = 0
    for (const piece of pieces) {
      whole.set(piece, offset)
      offset += piece.length
    }
    return whole
  }
}
