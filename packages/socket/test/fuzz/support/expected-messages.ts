import { frameHeaderBytes, type Role } from '@wigwag/socket/core'
import { type ReadFrame, readFrames } from '@wigwag/socket/testing'
import { must } from '../../../../../tools/fuzz/fuzz-target.ts'

/**
 * The messages of a stream to `role` in which nothing is at fault, read by nothing but the layout of RFC 6455 §5.2 and §5.4;
 * the last frame may be cut off. `inflate` undoes the compression of those with RSV1. Throws when something is at fault.
 */
export function expectedMessages(
  role: Role,
  stream: Uint8Array,
  inflate: ((payload: Uint8Array) => Uint8Array) | undefined,
): Uint8Array[] {
  const messages: Uint8Array[] = []
  let fragments: ReadFrame[] = []
  for (const frame of wholeFrames(stream)) {
    must(frame.masked === (role === 'server'), '§5.1 a frame is masked, or not, as it must not be')
    must(frame.rsv === 0 || (frame.rsv === 4 && inflate !== undefined && frame.opcode % 8 !== 0), '§5.2 RSV')
    must([0, 1, 2, 8, 9, 10].includes(frame.opcode), '§5.2 a reserved opcode')
    must(frame.opcode < 8 || (frame.fin && frame.payload.length <= 125), '§5.5 a control frame that is none')
    if (frame.opcode === 8) break
    if (frame.opcode > 8) continue
    must((frame.opcode === 0) === fragments.length > 0, '§5.4 fragments of two messages')
    fragments.push(frame)
    if (!frame.fin) continue
    const payload = Buffer.concat(fragments.map(({ payload: bytes }) => bytes))
    messages.push(fragments[0]?.rsv === 4 && inflate !== undefined ? inflate(payload) : payload)
    fragments = []
  }
  return messages
}

function wholeFrames(stream: Uint8Array): ReadFrame[] {
  const frames: ReadFrame[] = []
  for (let at = 0; at < stream.length; ) {
    const size = frameSize(stream.subarray(at))
    if (at + size > stream.length) break
    const [frame] = readFrames(stream.subarray(at, at + size)) as [ReadFrame]
    must(size - frame.payload.length === frameHeaderBytes(frame.payload.length, frame.masked), '§5.2 a longer header')
    frames.push(frame)
    // What follows a Close frame is not read.
    if (frame.opcode === 8) break
    at += size
  }
  return frames
}

/** Bytes that the frame at the start of `bytes` takes; Infinity when even its header is cut off. */
function frameSize(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 2) return Infinity
  const short = view.getUint8(1) & 0x7f
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0
  const header = 2 + extended + (view.getUint8(1) & 0x80 ? 4 : 0)
  if (bytes.length < header) return Infinity
  return header + (extended === 2 ? view.getUint16(2) : extended === 8 ? Number(view.getBigUint64(2)) : short)
}
