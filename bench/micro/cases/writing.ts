import { FrameArena, FrameWriter, type Role } from '@wigwag/socket/core'
import { nodeBytes } from '@wigwag/socket/driver'
import { frameHeader, maskedFrame } from '../../generator/traffic.ts'
import type { Contender, MicroCase } from '../micro-case.ts'
import type { PeerModules } from '../peer-modules.ts'
import { anyBytes, asciiText, KEY_NUMBER, sizeName } from './payloads.ts'

const RECYCLE_EVERY = 32

/** Messages encoded as frames. A server's text and bytes, and a client's text, which is masked. */
export function writingCases(peers: PeerModules): MicroCase[] {
  return [16, 125, 1024, 16 * 1024].flatMap((size) => [
    writingCase(`write text ${sizeName(size)}`, 'a string as a server sends it', asciiText(size), 'server', peers),
    writingCase(`write binary ${sizeName(size)}`, 'bytes as a server sends them', anyBytes(size), 'server', peers),
    writingCase(`write masked ${sizeName(size)}`, 'a string as a client sends it', asciiText(size), 'client', peers),
  ])
}

function writingCase(name: string, about: string, data: string | Buffer, role: Role, peers: PeerModules): MicroCase {
  const contenders = [wigwag(data, role), ws(data, role, peers), naive(data, role)]
  return { name, about, operations: 1, contenders }
}

/** `write` encodes one frame into as many ranges as it likes, and counts their bytes. */
function contender(
  name: string,
  data: string | Buffer,
  role: Role,
  write: (keep: ((bytes: Uint8Array) => void) | undefined) => number,
): Contender {
  return {
    name,
    run(times) {
      let bytes = 0
      for (let i = 0; i < times; i++) bytes += write(undefined)
      return bytes
    },
    check() {
      const parts: Uint8Array[] = []
      write((part) => parts.push(Uint8Array.from(part)))
      const written = Buffer.concat(parts)
      const frame = role === 'client' ? unmasked(written) : written
      const payload = Buffer.from(data as string)
      const opcode = typeof data === 'string' ? 1 : 2
      const expected = Buffer.concat([frameHeader(opcode, payload.length, role === 'client' ? 0x80 : 0), payload])
      if (!frame.equals(expected)) throw new Error(`${name}: another frame`)
    },
  }
}

/** A frame without its masking-key, and with that undone. */
function unmasked(frame: Buffer): Buffer {
  const at = ((frame[1] as number) & 0x7f) === 126 ? 4 : 2
  const key = frame.subarray(at, at + 4)
  const payload = frame.subarray(at + 4).map((byte, i) => byte ^ (key[i & 3] as number))
  return Buffer.concat([frame.subarray(0, at), payload])
}

function wigwag(data: string | Buffer, role: Role): Contender {
  const arena = new FrameArena(nodeBytes)
  const writer = new FrameWriter(role, nodeBytes, arena, () => KEY_NUMBER)
  let bytes = 0
  let keeping: ((bytes: Uint8Array) => void) | undefined
  const output = {
    write(buffer: Uint8Array, start: number, end: number) {
      bytes += end - start
      keeping?.(buffer.subarray(start, end))
    },
  }
  let frames = 0
  return contender('wigwag', data, role, (keep) => {
    bytes = 0
    keeping = keep
    if (typeof data === 'string') writer.text(data, output)
    else writer.frame(2, data, 0, output)
    if (++frames % RECYCLE_EVERY === 0) arena.recycle()
    return bytes
  })
}

function ws(data: string | Buffer, role: Role, { Sender }: PeerModules): Contender {
  const text = typeof data === 'string'
  return contender('ws', data, role, (keep) => {
    // As its send() does: a string becomes bytes first.
    const payload = text ? Buffer.from(data) : data
    const options = { fin: true, rsv1: false, opcode: text ? 1 : 2, mask: role === 'client', readOnly: !text }
    let bytes = 0
    for (const part of Sender.frame(payload, options)) {
      bytes += part.length
      keep?.(part)
    }
    return bytes
  })
}

function naive(data: string | Buffer, role: Role): Contender {
  const opcode = typeof data === 'string' ? 1 : 2
  return contender('naive', data, role, (keep) => {
    const payload = Buffer.from(data as string)
    const frame =
      role === 'client'
        ? maskedFrame(opcode, payload, 1)
        : Buffer.concat([frameHeader(opcode, payload.length, 0), payload])
    keep?.(frame)
    return frame.length
  })
}
