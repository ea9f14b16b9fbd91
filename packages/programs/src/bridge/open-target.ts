import { connect, type Socket } from 'node:net'
import { ProgramsError } from '../programs-error.ts'
import { type BridgeTarget, formatTarget } from './bridge-target.ts'
import { StreamReader } from './stream-reader.ts'

/** A connected target. */
export interface TargetStream {
  readonly stream: Socket
  /** Reads it: there are no `data` events. */
  readonly reader: StreamReader
}

/** Why a target cannot be reached, in words of its user. */
const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name could not be looked up',
  EACCES: 'it may not be used by us',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
}

/**
 * Connects to a target; resolves with its stream, paused and able to be half-closed. Rejects with `ProgramsError`
 * `ERR_BRIDGE_TARGET` or `ERR_BRIDGE_TIMEOUT`, or with the signal's reason.
 */
export function openTarget(target: BridgeTarget, timeoutMs: number, signal: AbortSignal): Promise<TargetStream> {
  return new Promise((resolve, reject) => {
    const where = target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path }
    const reader = new StreamReader()
    const stream = connect({ ...where, allowHalfOpen: true, noDelay: true, onread: reader.onread })
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      stream.off('error', failed)
    }
    const giveUp = (why: unknown): void => {
      settle()
      stream.on('error', () => {}).destroy()
      reject(why)
    }
    const failed = (error: NodeJS.ErrnoException): void => {
      // Of several addresses of a name each has failed in its own way.
      const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
      const why = WHY[first.code ?? ''] ?? first.message
      giveUp(new ProgramsError('ERR_BRIDGE_TARGET', `Cannot reach ${formatTarget(target)}: ${why}.`, { cause: error }))
    }
    const aborted = (): void => giveUp(signal.reason)
    const late = `${formatTarget(target)} did not answer within ${timeoutMs} ms (connectTimeoutMs).`
    const timer = setTimeout(() => giveUp(new ProgramsError('ERR_BRIDGE_TIMEOUT', late)), timeoutMs)
    stream.on('error', failed)
    stream.once('connect', () => {
      settle()
      stream.pause()
      resolve({ stream, reader })
    })
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
  })
}
