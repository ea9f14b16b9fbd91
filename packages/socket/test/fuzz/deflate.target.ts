import { inflateRawSync, constants as zlib } from 'node:zlib'
import { DeflateCodec, type DeflatePort, ProtocolError } from '@wigwag/socket/core'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { nodeDeflate } from '../../src/node/node-deflate.ts'
import { publicDeflate } from '../../src/node/public-deflate.ts'
import { referenceInflate } from '../core/support/reference-inflate.ts'
import { deflatedBy } from './support/deflated-by.ts'

/**
 * Compressed messages of a peer (RFC 7692 §7.2.2), some in a row on one connection. The first byte says what was negotiated;
 * a byte before each message is its length.
 */
export function fuzz(input: Uint8Array): void {
  for (const port of [nodeDeflate, publicDeflate]) fuzzPort(port, input)
}

function fuzzPort(port: DeflatePort, input: Uint8Array): void {
  const [settings = 0] = input
  const windowBits = 8 + (settings & 7)
  const contextTakeover = (settings & 8) === 0
  const maxBytes = settings & 16 ? 64 : 100_000
  const codec = new DeflateCodec({
    port,
    thresholdBytes: 0,
    outbound: { windowBits, level: 1, memLevel: 1, contextTakeover },
    inbound: { windowBits, maxFinalBlocks: 3, contextTakeover },
  })
  let history: Uint8Array = new Uint8Array(0)
  const accepted: Uint8Array[] = []
  for (const message of messagesOf(input.subarray(1))) {
    const decoded = codec.decode(message.slice(), maxBytes)
    if (decoded instanceof ProtocolError) {
      checkRefusal(decoded, message, history, windowBits)
      break
    }
    must(decoded.length <= maxBytes, () => `${decoded.length} bytes came of at most ${maxBytes}`)
    must(decoded.buffer.byteLength <= 2 * decoded.length + 64 * 1024, 'a message keeps more than its size')
    const reference = referenceInflate(message, history)
    must(reference !== undefined, 'it was accepted, but is malformed')
    must(Buffer.compare(reference.bytes, decoded) === 0, 'it is inflated otherwise by RFC 1951')
    accepted.push(message)
    if (contextTakeover) history = new Uint8Array(Buffer.concat([history, decoded]))
    if (contextTakeover) checkStream(accepted, history, windowBits)
  }
}

const CLOSE_CODES: Readonly<Record<string, readonly number[]>> = {
  ERR_MESSAGE_COMPRESSION: [1007, 1008],
  ERR_MESSAGE_TOO_LARGE: [1009],
}

/** What was refused is malformed, reaches back beyond the window, or is too much. */
function checkRefusal(error: ProtocolError, message: Uint8Array, history: Uint8Array, windowBits: number): void {
  const { code, closeCode } = error
  must(CLOSE_CODES[code]?.includes(closeCode) ?? false, () => `${code} with ${closeCode} is not documented`)
  if (closeCode !== 1007) return
  const reference = referenceInflate(message, history)
  if (reference === undefined || reference.longestDistance > 2 ** windowBits) return
  // RFC 1951 is silent on codes that are not complete; zlib has none of them.
  must(!isFineForZlib(message, history, windowBits), 'it was refused, but nothing is wrong with it')
}

const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/** Whether zlib itself takes all of a message, unless a final block keeps it from reading on. */
function isFineForZlib(message: Uint8Array, history: Uint8Array, windowBits: number): boolean {
  const window = history.subarray(Math.max(0, history.length - 2 ** windowBits))
  const whole = Buffer.concat([message, TAIL])
  return inflateStream(whole, windowBits, window)?.consumed === whole.length
}

/** What one stream that remembers by itself makes of all messages, unless a final block ends it. */
function checkStream(messages: readonly Uint8Array[], expected: Uint8Array, windowBits: number): void {
  const whole = Buffer.concat(messages.flatMap((message) => [message, TAIL]))
  const result = inflateStream(whole, windowBits)
  // Nothing when its window has less in it than ours had; RFC 1951 has judged already.
  if (result?.consumed !== whole.length) return
  must(result.bytes.equals(expected), 'a stream that remembers inflates it otherwise')
}

function inflateStream(
  input: Uint8Array,
  windowBits: number,
  dictionary: Uint8Array = new Uint8Array(0),
): { readonly bytes: Buffer; readonly consumed: number } | undefined {
  const options = { windowBits, finishFlush: zlib.Z_SYNC_FLUSH, info: true }
  try {
    const result: unknown = inflateRawSync(input, dictionary.length === 0 ? options : { ...options, dictionary })
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } }
    return { bytes: buffer, consumed: engine.bytesWritten }
  } catch {
    return undefined
  }
}

function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + (bytes[at] as number)
    messages.push(bytes.subarray(at + 1, end))
    at = end
  }
  return messages
}

/** An input with these messages. Window: 8 and the lowest three bits of `settings`. */
function input(settings: number, ...messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(settings), ...messages.flatMap((each) => [Uint8Array.of(each.length), each])])
}

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

export const seeds: Record<string, Uint8Array> = {
  'a message (RFC 7692 §7.2.3.1)': input(7, hex('f2 48 cd c9 c9 07 00')),
  'the same again, from the window (§7.2.3.2)': input(7, hex('f2 48 cd c9 c9 07 00'), hex('f2 00 11 00 00')),
  'the same without takeover': input(15, hex('f2 48 cd c9 c9 07 00'), hex('f2 00 11 00 00')),
  'a stored block (§7.2.3.3)': input(7, hex('00 05 00 fa ff 48 65 6c 6c 6f 00')),
  'a final block, and more behind it (§7.2.3.4)': input(7, hex('f3 48 cd c9 c9 07 00 00'), hex('f2 00 11 00 00')),
  'two blocks (§7.2.3.5)': input(7, hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')),
  'an empty message': input(0, hex('00')),
  'too many final blocks': input(7, hex('03 00 03 00 03 00 03 00 03 00 00')),
  'codes of its own': input(7, deflatedBy(15, `${'abcdefgh'.repeat(5)}ABCDabcd${'xyzw'.repeat(12)}`)),
  'messages of a stream that remembers': input(
    1,
    ...['one and two', 'two and one', 'one'].map((text) => deflatedBy(9, text)),
  ),
  'a small window': input(0, ...deflatedStream(['abcabcabc'.repeat(20), 'cbacba', 'abcabcabc'.repeat(12)])),
  'above the limit': input(16, deflatedBy(15, 'a'.repeat(65))),
  'a bomb': input(7, deflatedBy(15, 'a'.repeat(99_000))),
  'a reserved kind of block': input(7, hex('07')),
  'a block that is cut short': input(7, hex('f2 48 cd c9')),
  'distance codes that are not complete': input(0, hex('ecc1010d000000c2a0acef5fc21c6e4801af06')),
  'a final block that would go on in what is added': input(0, hex('4b 61 61 5b fd 59 61')),
  'nothing at all': input(7, new Uint8Array(0)),
}

export const dictionary: Uint8Array[] = [
  hex('00 00 00 ff ff'),
  hex('00 00 ff ff'),
  hex('03 00'),
  hex('01 00 00 ff ff'),
  hex('f2 00 11 00 00'),
  hex('f3 48 cd c9 c9 07 00'),
]

export const maxInputBytes = 160

function deflatedStream(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => deflatedBy(9, text))
}
