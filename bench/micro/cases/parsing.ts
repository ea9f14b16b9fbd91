import { Connection, type ConnectionSink, FrameParser, xorInPlace } from '@wigwag/socket/core'
import { createProfile, nodeBytes } from '@wigwag/socket/driver'
import { frameHeader } from '../../generator/traffic.ts'
import type { Contender, MicroCase } from '../micro-case.ts'
import type { PeerModules } from '../peer-modules.ts'
import { asciiText, KEY, KEY_NUMBER, sizeName } from './payloads.ts'

const MASKED = 0x80
const CHUNK_BYTES = 64 * 1024
const MOST_FRAMES = 64

/** Frames of one chunk, found and unmasked; and the messages in them, handed to an application. */
export function parsingCases(peers: PeerModules): MicroCase[] {
  return [16, 125, 1024, 16 * 1024, 64 * 1024].flatMap((size) => {
    const frames = Math.max(1, Math.min(MOST_FRAMES, Math.floor(CHUNK_BYTES / size)))
    const text = { size, frames, opcode: 1 } as const
    const binary = { size, frames, opcode: 2 } as const
    const many = frames === 1 ? 'one in a chunk' : `${frames} in a chunk`
    return [
      {
        name: `parse ${sizeName(size)}`,
        about: `masked binary frames, ${many}, found and unmasked`,
        operations: frames,
        contenders: [parser(binary), naiveParser(binary)],
      },
      {
        name: `receive text ${sizeName(size)}`,
        about: `masked text frames, ${many}, to messages`,
        operations: frames,
        contenders: [connection('wigwag, strings', text, 'string'), connection('wigwag, bytes', text, 'bytes')].concat(
          receiver(text, peers),
        ),
      },
      {
        name: `receive binary ${sizeName(size)}`,
        about: `masked binary frames, ${many}, to messages`,
        operations: frames,
        contenders: [connection('wigwag', binary, 'string'), receiver(binary, peers)],
      },
    ]
  })
}

/** What is in the chunk. */
interface Shape {
  readonly size: number
  readonly frames: number
  readonly opcode: 1 | 2
}

/**
 * Every contender unmasks in place and reads the same chunk again and again: it finds masked and unmasked payloads in turn,
 * which are text both times.
 */
function buildChunk({ size, frames, opcode }: Shape): Buffer {
  const payload = Buffer.from(asciiText(size))
  xorInPlace(payload, 0, size, KEY_NUMBER)
  const frame = Buffer.concat([frameHeader(opcode, size, MASKED), KEY, payload])
  return Buffer.concat(Array.from({ length: frames }, () => frame))
}

/** `read` reads the chunk once and returns how many frames it found; `payloads` are those of the first time. */
function contender(
  name: string,
  shape: Shape,
  read: (chunk: Buffer) => number,
  payloads: () => readonly (string | Uint8Array)[],
): Contender {
  const chunk = buildChunk(shape)
  return {
    name,
    run(times) {
      let found = 0
      for (let i = 0; i < times; i++) found += read(chunk)
      if (found !== times * shape.frames) throw new Error(`${name}: ${found} frames, not ${times * shape.frames}`)
      return found
    },
    check() {
      const found = read(buildChunk(shape))
      const right = payloads().filter((payload) =>
        Buffer.from(payload as Uint8Array).equals(Buffer.from(asciiText(shape.size))),
      )
      if (found !== shape.frames || right.length !== 1) throw new Error(`${name}: found something else`)
    },
  }
}

function parser(shape: Shape): Contender {
  let found = 0
  let last: Uint8Array = Buffer.alloc(0)
  let checked = false
  const take = (chunk: Uint8Array, start: number, end: number): boolean => {
    found++
    if (!checked) last = Buffer.from(chunk.subarray(start, end))
    checked = true
    return true
  }
  const frames = new FrameParser({ role: 'server', maxFrameBytes: 1 << 30, reservedBits: 0 }, nodeBytes, {
    frame: () => undefined,
    payload: (chunk, start, end) => take(chunk, start, end),
    takesWhole: () => true,
    whole: (_opcode, chunk, start, end) => take(chunk, start, end),
    fault(error) {
      throw error
    },
  })
  const read = (chunk: Buffer): number => {
    found = 0
    frames.parse(chunk, 0, chunk.length)
    return found
  }
  return contender('wigwag', shape, read, () => [last])
}

/** As a tutorial would have it. */
function naiveParser(shape: Shape): Contender {
  let last: Buffer = Buffer.alloc(0)
  const read = (chunk: Buffer): number => {
    let found = 0
    for (let rest = chunk; rest.length > 0; found++) {
      let length = (rest[1] as number) & 0x7f
      let offset = 2
      if (length === 126) {
        length = rest.readUInt16BE(2)
        offset = 4
      } else if (length === 127) {
        length = Number(rest.readBigUInt64BE(2))
        offset = 10
      }
      const key = rest.subarray(offset, offset + 4)
      const payload = rest.subarray(offset + 4, offset + 4 + length)
      for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (key[i % 4] as number)
      last = payload
      rest = rest.subarray(offset + 4 + length)
    }
    return found
  }
  return contender('naive', shape, read, () => [last])
}

function connection(name: string, shape: Shape, textAs: 'string' | 'bytes'): Contender {
  let found = 0
  let last: string | Uint8Array = ''
  const sink: ConnectionSink = {
    bufferedAmount: 0,
    message(data) {
      found++
      last = data
    },
    ping() {},
    pong() {},
    write() {},
    closing() {},
    end() {},
    destroy() {},
    closed() {},
  }
  const connected = new Connection(createProfile('server', { textAs, maxMessageBytes: 1 << 24 }), sink, 0)
  const read = (chunk: Buffer): number => {
    found = 0
    connected.receive(chunk, 0)
    return found
  }
  return contender(name, shape, read, () => [last])
}

function receiver(shape: Shape, { Receiver }: PeerModules): Contender {
  let found = 0
  let last: Uint8Array = Buffer.alloc(0)
  const received = new Receiver({ isServer: true, maxPayload: 1 << 24 })
  received.on('message', (data) => {
    found++
    last = data
  })
  const read = (chunk: Buffer): number => {
    found = 0
    received.write(chunk)
    return found
  }
  return contender('ws', shape, read, () => [last])
}
