import type { Readable } from 'node:stream'
import { Refusal, refuse } from '@wigwag/socket'
import type { RunningProgram } from '../process/running-program.ts'
import { type CgiHead, parseCgiHead } from './cgi-head.ts'

/** Most of what a refusal says, in bytes. */
const MAX_REFUSAL_BYTES = 4096

/** What a program decided: that the client comes in, or what it is answered. `why` is set for a program that said neither. */
export interface ProgramVerdict {
  readonly refusal: Refusal | undefined
  readonly why?: string
}

/**
 * Lets a program decide on its client before the socket is accepted: it begins with a CGI head, of which `Status: 101` lets
 * the client in, and 400 to 599 refuses it, with the head's other lines as headers and what follows as the text. Whatever
 * comes behind a head that lets in is output. Anything else, and an end without a head, is answered with 500.
 */
export async function programVerdict(program: RunningProgram, signal: AbortSignal): Promise<ProgramVerdict> {
  const { stdout } = program
  let bytes: Uint8Array = new Uint8Array(0)
  for (;;) {
    const result = parseCgiHead(bytes)
    if (result.state === 'invalid') return failed(result.why)
    if (result.state === 'done') {
      const rest = bytes.subarray(result.bodyStart)
      if (result.head.status === 101) {
        if (rest.length > 0) stdout.unshift(rest)
        return { refusal: undefined }
      }
      return refuseAs(result.head, await readText(stdout, rest, signal))
    }
    const chunk = await nextChunk(stdout, signal)
    if (chunk === undefined) return failed('it ended without saying "Status: 101" and an empty line')
    bytes = Buffer.concat([bytes, chunk])
  }
}

function failed(why: string): ProgramVerdict {
  return { refusal: refuse(500, 'The program failed to decide whether to let you in.'), why }
}

function refuseAs({ status, headers }: CgiHead, text: string): ProgramVerdict {
  if (status < 400) return failed(`it answered with status ${status}; 101 lets in, 400 to 599 refuse`)
  try {
    const own = Object.fromEntries(headers.filter(([name]) => !/^content-type$/i.test(name)))
    return { refusal: new Refusal(status, text.trimEnd() || 'The program does not let you in.', own) }
  } catch (error) {
    return failed((error as Error).message)
  }
}

async function readText(stdout: Readable, begun: Uint8Array, signal: AbortSignal): Promise<string> {
  let bytes = begun
  while (bytes.length < MAX_REFUSAL_BYTES) {
    const chunk = await nextChunk(stdout, signal)
    if (chunk === undefined) break
    bytes = Buffer.concat([bytes, chunk])
  }
  return Buffer.from(bytes.subarray(0, MAX_REFUSAL_BYTES)).toString()
}

/** The next that comes; nothing at its end, or when nobody waits for it any more. */
function nextChunk(stream: Readable, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const take = (): void => {
      const chunk = stream.read() as Buffer | null
      if (chunk !== null) settle(chunk)
      else if (stream.readableEnded || stream.destroyed || signal.aborted) settle(undefined)
    }
    const settle = (chunk: Uint8Array | undefined): void => {
      for (const event of EVENTS) stream.off(event, take)
      signal.removeEventListener('abort', take)
      resolve(chunk)
    }
    for (const event of EVENTS) stream.on(event, take)
    signal.addEventListener('abort', take)
    take()
  })
}

const EVENTS = ['readable', 'end', 'close'] as const
