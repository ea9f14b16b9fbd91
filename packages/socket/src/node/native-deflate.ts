import { AsyncResource } from 'node:async_hooks'
import { constants as zlib } from 'node:zlib'
import type { DeflatePort, DeflateSettings, Inflated } from '../core/index.ts'
import { deflateLevel } from './deflate-level.ts'
import { hasNativeZlib, NativeZlib, ZlibMode, type ZlibSettings } from './native-zlib.ts'
import { publicDeflate, SMALLEST_DEFLATE_WINDOW_BITS } from './public-deflate.ts'

/**
 * With more, blocks are longer: 4 KiB of text and above take a tenth to a third less time than with the 4 that suffice for a
 * window of 4 KiB, and some fewer bytes. What the compressor takes, the process takes once.
 */
const MEM_LEVEL = 8

/** Most compressors that are kept (count), of up to 400 KiB each: one for each way of setting them up. */
const MAX_DEFLATERS = 16

const deflaters = new Map<number, NativeZlib>()
const inflaters: (NativeZlib | undefined)[] = []

const EMPTY = Buffer.alloc(0)
/** An empty one (RFC 1951 §3.2.4), which ends a stream. */
const FINAL_BLOCK = Buffer.of(0x01, 0x00, 0x00, 0xff, 0xff)

/** What `inflateInit` does not look at. */
const ANY = { level: 6, memLevel: 8 }

/** In the context of the module: zlib's handles keep that in which they were made, and those of requests are not ours. */
const open = AsyncResource.bind((mode: number, settings: ZlibSettings) => new NativeZlib(mode, settings))

/** zlib tells of a fault by a callback, behind which Node may run what was waiting, which may come here again. */
let busy = false

/** `DeflatePort` with streams of zlib that are kept, a few for the whole process, and start over with each message. */
const kept: DeflatePort = {
  deflate(plain: Uint8Array, dictionary: Uint8Array, settings: DeflateSettings): Uint8Array {
    const { windowBits } = settings
    const level = deflateLevel(settings, plain.length)
    const memLevel = settings.memLevel ?? MEM_LEVEL
    if (busy || !isUsable(plain, dictionary) || !areDeflateSettings(windowBits, level, memLevel)) {
      return publicDeflate.deflate(plain, dictionary, settings)
    }
    busy = true
    try {
      return deflater(windowBits, level, memLevel).run(plain, dictionary, zlib.Z_SYNC_FLUSH, Infinity) as Uint8Array
    } catch (error) {
      forgetAll()
      throw error
    } finally {
      busy = false
    }
  },

  inflate(
    input: Uint8Array,
    dictionary: Uint8Array,
    windowBits: number,
    maxBytes: number,
  ): Inflated | 'malformed' | 'too-large' {
    if (busy || !isUsable(input, dictionary) || !isWithin(windowBits, 8, 15)) {
      return publicDeflate.inflate(input, dictionary, windowBits, maxBytes)
    }
    busy = true
    try {
      inflaters[windowBits] ??= open(ZlibMode.inflateRaw, { ...ANY, windowBits })
      const inflater = inflaters[windowBits]
      const bytes = inflater.run(input, dictionary, zlib.Z_FINISH, maxBytes)
      return typeof bytes === 'string' ? bytes : { bytes, consumed: inflater.consumed }
    } catch (error) {
      forgetAll()
      throw error
    } finally {
      busy = false
    }
  },
}

/** The same, where it is there and does what the documented calls do. Found out at the first call, which takes some 0.1 ms. */
export function nativeDeflate(): DeflatePort | undefined {
  usable ??= hasNativeZlib() && agreesWithPublic()
  return usable ? kept : undefined
}

let usable: boolean | undefined

/** Known data, with and without what came before it, and what is wrong with it. */
function agreesWithPublic(): boolean {
  const plain = Buffer.from('{"known":"data","data":"known"}'.repeat(9))
  const before = Buffer.from('{"unknown":"data"}')
  const settings = { windowBits: 12, level: 6, memLevel: 8 }
  try {
    return [before, EMPTY, before].every((dictionary) => {
      const deflated = kept.deflate(plain, dictionary, settings)
      if (Buffer.compare(deflated, publicDeflate.deflate(plain, dictionary, settings)) !== 0) return false
      const whole = Buffer.concat([deflated, FINAL_BLOCK, FINAL_BLOCK])
      const damaged = Buffer.concat([deflated.subarray(0, -5), FINAL_BLOCK])
      const inputs = [whole, deflated, damaged, Buffer.of(0xff)]
      return (
        inputs.every((input) => inflatesTheSame(input, dictionary, 10 * plain.length)) &&
        inflatesTheSame(whole, dictionary, plain.length - 1)
      )
    })
  } catch {
    return false
  }
}

function inflatesTheSame(input: Uint8Array, dictionary: Uint8Array, maxBytes: number): boolean {
  const [one, other] = [kept, publicDeflate].map((port) => port.inflate(input, dictionary, 12, maxBytes))
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  return one.consumed === other.consumed && Buffer.compare(one.bytes, other.bytes) === 0
}

function deflater(windowBits: number, level: number, memLevel: number): NativeZlib {
  const key = (windowBits << 8) | (level << 4) | memLevel
  const known = deflaters.get(key)
  if (known !== undefined) return known
  const [oldest] = deflaters
  if (oldest !== undefined && deflaters.size >= MAX_DEFLATERS) {
    deflaters.delete(oldest[0])
    oldest[1].close()
  }
  const bits = Math.max(windowBits, SMALLEST_DEFLATE_WINDOW_BITS)
  const opened = open(ZlibMode.deflateRaw, { windowBits: bits, level, memLevel })
  deflaters.set(key, opened)
  return opened
}

/** A stream that failed otherwise than by its input (no memory) is not to be trusted again. */
function forgetAll(): void {
  deflaters.clear()
  inflaters.length = 0
}

function isUsable(input: unknown, dictionary: unknown): boolean {
  return input instanceof Uint8Array && dictionary instanceof Uint8Array
}

function areDeflateSettings(windowBits: number, level: number, memLevel: number): boolean {
  return isWithin(windowBits, 8, 15) && isWithin(level, 0, 9) && isWithin(memLevel, 1, 9)
}

function isWithin(value: number, lowest: number, highest: number): boolean {
  return Number.isInteger(value) && value >= lowest && value <= highest
}
