import { type BytePort, portableBytes, Utf8Validator } from '@wigwag/socket/core'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { nodeBytes } from '../../src/node/node-bytes.ts'

/** UTF-8 in any pieces (RFC 3629), against the platform's own decoder. The first byte says how the rest is cut. */
export function fuzz(input: Uint8Array): void {
  const cut = 1 + ((input[0] ?? 0) & 0x7f)
  const bytes = input.slice(1)
  const text = decode(bytes)
  for (const port of [portableBytes, nodeBytes]) {
    must(port.isUtf8(bytes, 0, bytes.length) === (text !== undefined), 'the whole is judged otherwise by the platform')
    must(validate(bytes, cut, port) === (text !== undefined), 'in pieces it is judged otherwise than whole')
    if (text !== undefined) roundTrip(port, bytes, text)
  }
}

function roundTrip(port: BytePort, bytes: Uint8Array, text: string): void {
  must(port.decodeText(bytes, 0, bytes.length, false) === text, 'it is decoded otherwise by the platform')
  must(port.textByteLength(text) === bytes.length, 'its length is not what it took')
  const target = new Uint8Array(text.length * 3)
  const written = port.encodeText(text, target, 0)
  must(Buffer.compare(target.subarray(0, written), bytes) === 0, 'it is not encoded as it came')
}

function validate(bytes: Uint8Array, cut: number, port: BytePort): boolean {
  const validator = new Utf8Validator(port)
  for (let at = 0; at < bytes.length; at += cut) {
    if (!validator.push(bytes, at, Math.min(at + cut, bytes.length))) return false
  }
  return validator.complete
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const text = (content: string): Uint8Array => Buffer.from(`\x03${content}`)
const bytes = (...content: number[]): Uint8Array => Uint8Array.of(1, ...content)

export const seeds: Record<string, Uint8Array> = {
  'two, three and four bytes': text('é€😀'),
  'border characters': text('\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'),
  'enough for the bulk check': text('a€'.repeat(40)),
  'a byte order mark': text('\ufeffa'),
  'an overlong slash': bytes(0xc0, 0xaf),
  'an overlong of three bytes': bytes(0xe0, 0x9f, 0xbf),
  'a surrogate': bytes(0xed, 0xa0, 0x80),
  'above U+10FFFF': bytes(0xf4, 0x90, 0x80, 0x80),
  'cut off': bytes(0xf0, 0x9f, 0x98),
}

export const dictionary: string[] = ['é', '€', '😀', '\u{10ffff}', '\ud7ff', '\ue000', 'a'.repeat(64)]
