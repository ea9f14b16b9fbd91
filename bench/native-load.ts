import type { Cell, MessageCell } from './cell.ts'
import type { LoadSpec } from './generator/load-spec.ts'
import { createHandshakeKey } from './generator/opening-handshake.ts'
import { buildTraffic, type Traffic } from './generator/traffic.ts'

/** Keys of upgrades; connections take them in turn. */
const KEYS = 64

type LoadName = 'echo' | 'fan-out' | 'handshake'

/** Which of its loads the generator in C has for a cell; nothing for compression, sessions and memory. */
function nativeLoadOf(cell: Cell): LoadName | undefined {
  switch (cell.workload) {
    case 'handshake':
      return 'handshake'
    case 'echo':
      return cell.compression === undefined ? 'echo' : undefined
    case 'fan-out':
    case 'cluster':
      return cell.compression === undefined ? 'fan-out' : undefined
    default:
      return undefined
  }
}

/** Whether the generator in C can do what the cell asks for. */
export function isNativeCell(cell: Cell): boolean {
  return nativeLoadOf(cell) !== undefined
}

/**
 * What the generator in C is asked to do, as it reads it from stdin (`native-generator/spec.h`). The messages are those of
 * the generator in TypeScript, byte for byte. Throws for cells that it cannot do.
 */
export function encodeNativeLoad(spec: LoadSpec): Buffer {
  const { cell, processes } = spec
  const load = nativeLoadOf(cell)
  if (load === undefined) throw new Error(`the generator in C has no load for ${cell.name}`)
  const traffic = cell.workload === 'handshake' ? undefined : buildTraffic(cell, spec.protocol)
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
    ...(cell.workload === 'handshake' ? [`connections ${cell.slots}`] : describeMessages(cell, traffic as Traffic)),
  ]
  const head = Buffer.from(`${lines.join('\n')}\n\n`)
  return traffic === undefined ? head : Buffer.concat([head, traffic.requests, traffic.replies])
}

function describeMessages({ connections, depth, payloadBytes }: MessageCell, traffic: Traffic): string[] {
  return [
    `connections ${connections}`,
    `depth ${depth}`,
    `period ${traffic.period}`,
    `opcode ${traffic.opcode}`,
    `payload-bytes ${payloadBytes}`,
    `request-bytes ${traffic.requestBytes}`,
    `reply-bytes ${traffic.replyBytes}`,
    `framing ${traffic.replyFraming}`,
    `requests ${traffic.requests.length}`,
    `replies ${traffic.replies.length}`,
  ]
}

function microseconds(secs: number): number {
  return Math.round(secs * 1e6)
}
