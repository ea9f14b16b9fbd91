import {
  type BytePort,
  Connection,
  type ConnectionOptions,
  ConnectionProfile,
  ProtocolError,
  portableBytes,
  type Role,
} from '@wigwag/socket/core'
import { closePayload, concatBytes, type FrameSpec, frameBytes, RecordingSink } from '@wigwag/socket/testing'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { nodeBytes } from '../../src/node/node-bytes.ts'
import { expectedMessages } from './support/expected-messages.ts'
import { reversed, reversingChain } from './support/reversing-codec.ts'
import { sameEvents } from './support/same-events.ts'

/** Frames of both roles, whole and cut, from chunks that are given or lent, with pauses: RFC 6455 §5 to §8. */

// The first three bytes of an input say how it is read.
const CLIENT = 1
const EXTENDED = 2
const SMALL_LIMITS = 4
const TEXT_AS_BYTES = 8
const TRUST_UTF8 = 16
const NODE_BYTES = 32
const CLOSES_FIRST = 64
const READS_NOTHING = 128
const LENT = 1
const PAUSING = 2
const ENDS_PAUSED = 4
const SETTINGS_BYTES = 3

/** Which faults of a peer are documented, with the close code that each has. */
const CLOSE_CODES: Readonly<Record<string, number>> = {
  ERR_FRAME_RESERVED_BITS: 1002,
  ERR_FRAME_RESERVED_OPCODE: 1002,
  ERR_FRAME_MASKING: 1002,
  ERR_FRAME_LENGTH: 1002,
  ERR_FRAME_TOO_LARGE: 1009,
  ERR_FRAME_CONTROL_FRAGMENTED: 1002,
  ERR_FRAME_CONTROL_TOO_LARGE: 1002,
  ERR_MESSAGE_UNEXPECTED_CONTINUATION: 1002,
  ERR_MESSAGE_INTERLEAVED: 1002,
  ERR_MESSAGE_TOO_LARGE: 1009,
  ERR_MESSAGE_TOO_MANY_FRAGMENTS: 1008,
  ERR_MESSAGE_UTF8: 1007,
  ERR_MESSAGE_COMPRESSION: 1007,
  ERR_EXTENSION: 1011,
  ERR_CLOSE_PAYLOAD: 1002,
  ERR_CLOSE_CODE: 1002,
  ERR_CLOSE_REASON: 1007,
  ERR_CONTROL_FLOOD: 1008,
}

const SMALL: ConnectionOptions = {
  maxMessageBytes: 200,
  maxFrameBytes: 130,
  maxFragments: 3,
  maxControlFramesPerSecond: 4,
}
const LARGE: ConnectionOptions = { maxMessageBytes: 70_000 }

/** What a message that grows may take at once: four times what came, or 64 KiB (see `GatherBuffer`). */
const FIRST_BYTES = 64 * 1024

interface Heard {
  readonly sink: RecordingSink
  readonly phase: string
}

let largestAllocation = 0
const countingPorts = [portableBytes, nodeBytes].map(
  (port): BytePort => ({
    ...port,
    allocate: (size) => {
      largestAllocation = Math.max(largestAllocation, size)
      return port.allocate(size)
    },
  }),
)

const profiles = new Map<number, ConnectionProfile>()

/** Profiles are shared between connections, as those of a server are. */
function profileOf(settings: number): ConnectionProfile {
  const relevant = settings & (CLIENT | SMALL_LIMITS | TEXT_AS_BYTES | TRUST_UTF8 | NODE_BYTES)
  const known = profiles.get(relevant)
  if (known !== undefined) return known
  const options: ConnectionOptions = {
    ...(settings & SMALL_LIMITS ? SMALL : LARGE),
    utf8: settings & TRUST_UTF8 ? 'trust' : 'strict',
    textAs: settings & TEXT_AS_BYTES ? 'bytes' : 'string',
  }
  const bytes = countingPorts[settings & NODE_BYTES ? 1 : 0] as BytePort
  const profile = new ConnectionProfile(roleOf(settings), options, {
    bytes,
    random: () => 0.5,
    randomKey: () => 0x0102_0304,
  })
  profiles.set(relevant, profile)
  return profile
}

const roleOf = (settings: number): Role => (settings & CLIENT ? 'client' : 'server')

function hear(settings: number, chunks: readonly Uint8Array[], way: number): Heard {
  const sink = new RecordingSink()
  const connection = new Connection(profileOf(settings), sink, 0, settings & EXTENDED ? reversingChain() : undefined)
  if (way & PAUSING) {
    sink.onEvent = ({ type }) => {
      if (type === 'message' || type === 'ping' || type === 'pong') connection.pause()
    }
  }
  if (settings & READS_NOTHING) sink.bufferedAmount = 3 * 1024 * 1024
  if (settings & CLOSES_FIRST) connection.close(1000)
  const lent = new Uint8Array(way & LENT ? Math.max(0, ...chunks.map(({ length }) => length)) : 0)
  for (const chunk of chunks) {
    if (way & LENT) {
      lent.set(chunk)
      connection.receiveBorrowed(lent, chunk.length, 0)
      lent.fill(0xaa)
    } else connection.receive(chunk.slice(), 0)
    // A driver that reads on while paused, now and then.
    if (way & PAUSING && chunk.length % 2 === 0) connection.resume()
  }
  if (way & ENDS_PAUSED) connection.receiveEnd(0)
  while (connection.paused) connection.resume()
  const { phase } = connection
  if (!(way & ENDS_PAUSED)) connection.receiveEnd(0)
  return { sink, phase }
}

export function fuzz(input: Uint8Array): void {
  const [settings = 0, way = 0, cuts = 0] = input
  const stream = input.subarray(SETTINGS_BYTES)
  largestAllocation = 0
  const whole = hear(settings, [stream], 0)
  must(largestAllocation <= Math.max(FIRST_BYTES, stream.length * 4), () => `${largestAllocation} bytes were taken`)
  check(settings, whole, stream)
  const cut = hear(settings, chunksOf(stream, cuts), way)
  must(
    (way & ENDS_PAUSED) !== 0 || cut.phase === whole.phase,
    () => `in chunks it is ${cut.phase}, whole ${whole.phase}`,
  )
  must(sameEvents(cut.sink.events, whole.sink.events), 'in chunks other things are told than whole')
  const [written, expected] = [cut.sink.takeBytes(), whole.sink.takeBytes()]
  must(Buffer.compare(written, expected) === 0, 'in chunks other bytes are written than whole')
}

/** What must hold whatever came. Leaves the bytes that were written to be compared. */
function check(settings: number, { sink, phase }: Heard, stream: Uint8Array): void {
  const { events, outcome, messages } = sink
  const { options } = profileOf(settings)
  must(outcome !== undefined, 'the end was not told')
  const error = outcome.error as ProtocolError | undefined
  if (error === undefined) {
    must(outcome.clean ? outcome.code !== 1006 : outcome.code === 1006, () => `closed ${JSON.stringify(outcome)}`)
  } else {
    must(error instanceof ProtocolError, () => `${error} is no ProtocolError`)
    must(CLOSE_CODES[error.code] === error.closeCode, () => `${error.code} with ${error.closeCode} is not documented`)
    must(outcome.code === error.closeCode && !outcome.clean, () => `${error.code} ended as ${JSON.stringify(outcome)}`)
    must(Buffer.byteLength(outcome.reason) <= 123, 'the close reason is too long')
  }
  if (error === undefined && !(settings & TRUST_UTF8)) {
    const expected = expectedMessages(roleOf(settings), stream, settings & EXTENDED ? reversed : undefined)
    must(expected.length === messages.length, () => `${messages.length} messages were told of ${expected.length}`)
    must(
      expected.every((bytes, i) => Buffer.from(messages[i] as string).equals(bytes)),
      'a message is not what was sent',
    )
  }
  must(phase !== 'closed', 'it closed before the end of the input')
  const told = messages.reduce((sum, message) => sum + sizeOf(message), 0)
  must(told <= stream.length, () => `${told} bytes of messages were told of ${stream.length}`)
  for (const message of messages) must(sizeOf(message) <= options.maxMessageBytes, 'a message is above the limit')
  if (options.utf8 === 'strict') {
    for (const event of events) {
      if (event.type !== 'message' || event.messageType !== 'text' || typeof event.data === 'string') continue
      must(Buffer.from(event.data).equals(Buffer.from(Buffer.from(event.data).toString())), 'text is not UTF-8')
    }
  }
  const endings = events.filter(({ type }) => type === 'closing' || type === 'closed')
  must(endings.length === 2, 'closing and closed are not told once each')
  if (settings & CLOSES_FIRST) return
  const closing = events.findIndex(({ type }) => type === 'closing')
  must(
    events.slice(closing).every(({ type }) => !['message', 'ping', 'pong'].includes(type)),
    'something is told behind a Close frame',
  )
}

/** No more than its bytes on the wire: what is trusted and malformed may become characters that take more. */
const sizeOf = (message: string | Uint8Array): number => message.length

/** `cuts` 0 is byte by byte; above, it seeds sizes that vary. */
function chunksOf(stream: Uint8Array, cuts: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let state = cuts
  for (let at = 0; at < stream.length; ) {
    state = (state * 137 + 29) & 0xff
    const size = cuts === 0 ? 1 : 1 + (state & (cuts & 1 ? 7 : 63))
    chunks.push(stream.subarray(at, at + size))
    at += size
  }
  return chunks
}

/** Masked with zeros: what is inserted into a payload then says what it says. */
const MASK = [0, 0, 0, 0] as const

function stream(settings: number, ...frames: readonly FrameSpec[]): Uint8Array {
  const masked = frames.map((frame) => frameBytes({ ...(settings & CLIENT ? {} : { mask: MASK }), ...frame }))
  return concatBytes(Uint8Array.of(settings, LENT | PAUSING, 0), ...masked)
}

const euro = 'a €uro'
const messages: FrameSpec[] = [
  { opcode: 1, payload: euro },
  { opcode: 9, payload: 'ping' },
  { opcode: 2, payload: Uint8Array.of(0xff, 0) },
  { opcode: 10 },
  { opcode: 8, payload: closePayload(1000, 'bye') },
]
const fragments: FrameSpec[] = [
  { opcode: 1, fin: false, payload: Buffer.from(euro).subarray(0, 3) },
  { opcode: 9 },
  { opcode: 0, fin: false, payload: Buffer.from(euro).subarray(3, 4) },
  { opcode: 0, payload: Buffer.from(euro).subarray(4) },
]

export const seeds: Record<string, Uint8Array> = {
  'messages to a server': stream(0, ...messages),
  'messages to a client': stream(CLIENT, ...messages),
  'masked messages': stream(0, ...messages.map((frame): FrameSpec => ({ ...frame, mask: [1, 2, 3, 4] }))),
  'fragments to a server': stream(0, ...fragments),
  'fragments to a client as bytes': stream(CLIENT | TEXT_AS_BYTES | NODE_BYTES, ...fragments),
  'compressed fragments': stream(
    EXTENDED,
    { opcode: 2, rsv: 4, fin: false, payload: 'abc' },
    { opcode: 0, payload: 'd' },
  ),
  'compressed text': stream(CLIENT | EXTENDED, { opcode: 1, rsv: 4, payload: 'abc' }),
  'too many fragments': stream(
    SMALL_LIMITS,
    ...fragments,
    ...[0, 0, 0, 0].map((opcode): FrameSpec => ({ opcode, fin: false })),
  ),
  'too many pings': stream(CLIENT | SMALL_LIMITS, ...[9, 9, 9, 9, 9].map((opcode) => ({ opcode }))),
  'a 16-bit length': stream(CLIENT, { opcode: 2, payload: new Uint8Array(126) }),
  'a 64-bit length': stream(0, { opcode: 2, payload: 'not all of it', claimedLength: 65_536n }),
  'a length in too long a form': stream(0, { opcode: 1, payload: 'short', lengthForm: 64 }),
  'a length with its highest bit': stream(0, { opcode: 2, claimedLength: 1n << 63n }),
  'text that is not UTF-8': stream(NODE_BYTES, { opcode: 1, payload: Uint8Array.of(0xed, 0xa0, 0x80) }),
  'text that is trusted': stream(TRUST_UTF8 | CLIENT, { opcode: 1, payload: Uint8Array.of(0xff) }),
  'an answer to our Close': stream(CLOSES_FIRST, { opcode: 1, payload: 'before' }, { opcode: 8 }, { opcode: 1 }),
  'a close code of one byte': stream(0, { opcode: 8, payload: 'x' }),
  'a close code that is reserved': stream(CLIENT, { opcode: 8, payload: closePayload(1005) }),
}

export const dictionary: Uint8Array[] = [
  ...[0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0xc2, 0x41].flatMap((first) => [
    Uint8Array.of(first, 0),
    Uint8Array.of(first, 0x80, 0, 0, 0, 0),
  ]),
  Uint8Array.of(0x82, 126, 0, 126),
  Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0),
  Buffer.from('€😀é'),
  ...[1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 2999, 3000, 4999, 5000].map((code) => closePayload(code)),
]
