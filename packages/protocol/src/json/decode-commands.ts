import { ErrorCode } from '../code/error-code.ts'
import type { Method, Requests } from '../packet/command.ts'
import { nestsDeeper } from './nests-deeper.ts'
import { FieldFault, isRecord, readRequest } from './read-request.ts'
import { REQUEST_FIELDS } from './request-fields.ts'

/** One command as it came. */
export type Command = {
  [M in Method]: {
    readonly method: M
    /** What its reply will carry; 0 for `send`, which has none. */
    readonly id: number
    readonly request: Requests[M]
  }
}[Method]

/** What a client said, packet by packet. */
export type DecodedPacket =
  | { readonly kind: 'command'; readonly command: Command }
  /** The answer to a ping. */
  | { readonly kind: 'pong' }
  /** A command that cannot be carried out, but answered. */
  | { readonly kind: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string }

/** The packets of one message, or why it is none: then there is nobody to answer, and the session ends. */
export type DecodedCommands =
  | { readonly ok: true; readonly packets: readonly DecodedPacket[] }
  | { readonly ok: false; readonly fault: string }

/** What is accepted from a client. */
export interface CommandLimits {
  /** Most packets in one message (count). Default 256. */
  readonly maxBatch?: number
  /** Deepest nesting of a packet's JSON (count). Default 128. */
  readonly maxDepth?: number
}

const DEFAULTS = { maxBatch: 256, maxDepth: 128 } as const
const MAX_ID = 2 ** 32 - 1

/** Reads the commands of one message: one JSON object a line. Never throws. */
export function decodeCommands(text: string, limits: CommandLimits = {}): DecodedCommands {
  const maxBatch = limits.maxBatch ?? DEFAULTS.maxBatch
  const maxDepth = limits.maxDepth ?? DEFAULTS.maxDepth
  const packets: DecodedPacket[] = []
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const line = start === 0 && end === text.length ? text : text.slice(start, end)
    start = end + 1
    if (line.trim() === '') continue
    if (packets.length === maxBatch) return { ok: false, fault: `more than ${maxBatch} commands in one message` }
    if (nestsDeeper(line, maxDepth)) return { ok: false, fault: `JSON nests deeper than ${maxDepth}` }
    const packet = decodeCommand(line)
    if (typeof packet === 'string') return { ok: false, fault: packet }
    packets.push(packet)
  }
  return packets.length > 0 ? { ok: true, packets } : { ok: false, fault: 'an empty message' }
}

const PONG: DecodedPacket = { kind: 'pong' }

/** The packet, or what is wrong when it has nothing to be answered by. */
function decodeCommand(line: string): DecodedPacket | string {
  let packet: unknown
  try {
    packet = JSON.parse(line)
  } catch {
    return 'a line that is no JSON'
  }
  if (!isRecord(packet)) return 'a line that is no JSON object'
  const id = packet['id'] ?? 0
  if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_ID) {
    return `an "id" that is no whole number from 0 to ${MAX_ID}`
  }
  return readCommand(packet, id as number)
}

function readCommand(packet: Readonly<Record<string, unknown>>, id: number): DecodedPacket | string {
  const method = methodOf(packet)
  if (method === undefined && id === 0) return Object.keys(packet).length === 0 ? PONG : 'a command without an "id"'
  if (method === undefined) {
    const named = Object.keys(packet).find((name) => name !== 'id')
    const what = named === undefined ? 'The command names no method.' : `There is no method "${named}".`
    return { kind: 'refused', id, code: ErrorCode.methodNotFound, message: what }
  }
  if (id === 0 && method !== 'send') return `a command "${method}" without an "id"`
  const request = readRequest(method, packet[method])
  if (!(request instanceof FieldFault)) return { kind: 'command', command: { method, id, request } as Command }
  if (id === 0) return request.message
  return { kind: 'refused', id, code: ErrorCode.badRequest, message: `${request.message}.` }
}

function methodOf(packet: Readonly<Record<string, unknown>>): Method | undefined {
  for (const name of Object.keys(packet)) {
    if (Object.hasOwn(REQUEST_FIELDS, name) && packet[name] !== null) return name as Method
  }
  return undefined
}
