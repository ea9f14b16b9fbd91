const OPCODE_TEXT = 1
const OPCODE_CLOSE = 8
const FIN = 0x80
const CLOSE_CODE_BYTES = 2

/** A frame that a server sent, as far as it can be read. */
export type ReadFrame =
  | { readonly kind: 'text'; readonly text: string; readonly end: number }
  /** A ping or pong of WebSocket itself. */
  | { readonly kind: 'control'; readonly end: number }
  | { readonly kind: 'close'; readonly reason: string; readonly end: number }
  | { readonly kind: 'fault'; readonly what: string }

/** Reads the frame that begins at `start`; nothing while it is not whole. Messages must have one frame each. */
export function readFrame(bytes: Buffer, start: number): ReadFrame | undefined {
  if (bytes.length - start < 2) return undefined
  const first = bytes[start] as number
  const second = bytes[start + 1] as number
  const fault = describeFault(first, second)
  if (fault !== undefined) return { kind: 'fault', what: fault }
  const headerBytes = second < 126 ? 2 : second === 126 ? 4 : 10
  if (bytes.length - start < headerBytes) return undefined
  const length =
    headerBytes === 2
      ? second
      : headerBytes === 4
        ? bytes.readUInt16BE(start + 2)
        : Number(bytes.readBigUInt64BE(start + 2))
  const at = start + headerBytes
  const end = at + length
  if (bytes.length < end) return undefined
  switch (first & 0x0f) {
    case OPCODE_TEXT:
      return { kind: 'text', text: bytes.toString('utf8', at, end), end }
    case OPCODE_CLOSE:
      return { kind: 'close', reason: bytes.toString('utf8', at + CLOSE_CODE_BYTES, end), end }
    default:
      return { kind: 'control', end }
  }
}

function describeFault(first: number, second: number): string | undefined {
  const opcode = first & 0x0f
  if ((first & 0x70) !== 0) return `a frame with reserved bits 0x${(first & 0x70).toString(16)}`
  if ((second & 0x80) !== 0) return 'a masked frame from the server'
  if ((first & FIN) === 0 || (opcode !== OPCODE_TEXT && opcode < OPCODE_CLOSE)) return `a frame with opcode ${opcode}`
  return undefined
}
