import { request } from 'node:http'
import type { Cell, MessageCell } from './cell.ts'
import { DeflateConversation } from './generator/deflate-conversation.ts'
import type { LoadSpec } from './generator/load-spec.ts'
import { createHandshakeKey } from './generator/opening-handshake.ts'
import { buildTraffic } from './generator/traffic.ts'

/** Keys of upgrades; connections take them in turn. */
const KEYS = 64
const ANSWER_TIMEOUT_MS = 10_000
/** What text frames begin with (RFC 6455 §5.2). */
const OPCODE_TEXT = 1

type LoadName = 'echo' | 'fan-out' | 'handshake'

/** Which of its loads the generator in C has for a cell; nothing for sessions and memory. */
function nativeLoadOf({ workload }: Cell): LoadName | undefined {
  switch (workload) {
    case 'handshake':
    case 'echo':
      return workload
    case 'fan-out':
    case 'cluster':
      return 'fan-out'
    default:
      return undefined
  }
}

/**
 * What the generator in C is asked to do, as it reads it from stdin (`native-generator/spec.h`). The messages are those of
 * the generator in TypeScript, byte for byte. Compressed ones depend on what the server agrees to, which is asked before.
 * Resolves with nothing for what it cannot do: sessions, memory, and servers that do not compress as they should.
 */
export async function encodeNativeLoad(spec: LoadSpec): Promise<Buffer | undefined> {
  const { cell, processes } = spec
  const load = nativeLoadOf(cell)
  if (load === undefined) return undefined
  const messages = cell.workload === 'handshake' ? handshakes(cell.slots) : await messagesOf(cell, spec)
  if (messages === undefined) return undefined
  const lines = [
    `workload ${load}`,
    `protocol ${spec.protocol}`,
    `connect-port ${spec.connectPort}`,
    `publish-port ${spec.publishPort}`,
    `settle-us ${microseconds(spec.settleSecs)}`,
    `warm-up-us ${microseconds(spec.warmUpSecs)}`,
    `window-us ${microseconds(spec.secs)}`,
    `drain-us ${microseconds(spec.drainSecs)}`,
    ...processes.map(({ pid, role, name }) => `process ${pid} ${role} ${name}`),
    ...Array.from({ length: KEYS }, () => createHandshakeKey()).map(({ key, accept }) => `opening ${key} ${accept}`),
    ...messages.lines,
    ...BLOCKS.map((name) => `${name} ${messages.blocks[name]?.length ?? 0}`),
  ]
  return Buffer.concat([
    Buffer.from(`${lines.join('\n')}\n\n`),
    ...BLOCKS.flatMap((name) => messages.blocks[name] ?? []),
  ])
}

/** Bytes behind the lines, in this order. */
const BLOCKS = ['requests', 'request-offsets', 'replies', 'ring', 'preludes', 'prelude-offsets'] as const

interface NativeMessages {
  readonly lines: readonly string[]
  readonly blocks: Readonly<Partial<Record<(typeof BLOCKS)[number], Buffer>>>
}

function handshakes(slots: number): NativeMessages {
  return { lines: [`connections ${slots}`], blocks: {} }
}

async function messagesOf(cell: MessageCell, spec: LoadSpec): Promise<NativeMessages | undefined> {
  const { connections, depth, payloadBytes } = cell
  const lines = [`connections ${connections}`, `depth ${depth}`, `payload-bytes ${payloadBytes}`]
  if (cell.compression !== undefined) return compressedMessages(cell, spec, lines)
  const traffic = buildTraffic(cell, spec.protocol)
  const { period, opcode, replyBytes, replyFraming, requests, requestBytes, replies } = traffic
  return {
    lines: [...lines, `period ${period}`, `opcode ${opcode}`, `reply-bytes ${replyBytes}`, `framing ${replyFraming}`],
    blocks: {
      requests,
      'request-offsets': offsetsOf(Array.from({ length: period + depth + 1 }, (_, n) => n * requestBytes)),
      replies,
    },
  }
}

async function compressedMessages(
  cell: MessageCell,
  spec: LoadSpec,
  lines: readonly string[],
): Promise<NativeMessages | undefined> {
  const conversation = new DeflateConversation(cell)
  const answer = await askForExtensions(spec.connectPort, conversation.offer)
  const dialect = conversation.agree(answer)
  if ('fault' in dialect) return undefined
  // In a fan-out all connections begin with the first message.
  const wire = dialect.wire(cell.workload === 'echo' ? cell.connections : 1)
  return {
    lines: [
      ...lines,
      `period ${conversation.period}`,
      `opcode ${OPCODE_TEXT}`,
      `offer ${conversation.offer}`,
      `answer ${answer}`,
      `window-bytes ${wire.windowBytes}`,
      `history-bytes ${wire.historyBytes}`,
    ],
    blocks: {
      requests: wire.requests,
      'request-offsets': offsetsOf(wire.requestOffsets),
      ring: wire.text,
      preludes: Buffer.concat(wire.preludes),
      'prelude-offsets': offsetsOf(startsOf(wire.preludes)),
    },
  }
}

/** Where each begins when they lie one behind the other, and where the last ends. */
function startsOf(pieces: readonly Buffer[]): readonly number[] {
  const starts = [0]
  for (const { length } of pieces) starts.push((starts.at(-1) as number) + length)
  return starts
}

/** What a server answers to an offer of extensions. Rejects when it does not answer the upgrade. */
async function askForExtensions(port: number, offer: string): Promise<string | undefined> {
  const { key } = createHandshakeKey()
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: '/echo',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Extensions': offer,
      },
      timeout: ANSWER_TIMEOUT_MS,
    })
    asked.on('upgrade', ({ headers }, socket) => {
      socket.destroy()
      resolve(headers['sec-websocket-extensions'])
    })
    asked.on('response', (response) => {
      response.resume()
      resolve(undefined)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer to the upgrade')))
    asked.on('error', reject)
    asked.end()
  })
}

/** As the generator reads them: 32 bits each, in this machine's order. */
function offsetsOf(offsets: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(offsets).buffer)
}

function microseconds(secs: number): number {
  return Math.round(secs * 1e6)
}
