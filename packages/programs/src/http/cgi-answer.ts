import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { type CgiHead, parseCgiHead } from '../exec/cgi-head.ts'
import type { RunningProgram } from '../process/running-program.ts'

/** How an answer of a program is passed on. */
export interface CgiAnswerOptions {
  /** Largest body of a request passed to the program, in bytes. */
  readonly maxBodyBytes: number
  /** How long the head of the answer may take, in milliseconds. */
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
}

/** Headers that belong to the connection, which is not the program's. */
const CONNECTION_HEADERS = /^(connection|keep-alive|transfer-encoding|upgrade|trailer|te|proxy-.*)$/i

/**
 * Lets a program answer a request (RFC 3875 §6): the request's body is its input, its output a head and a body. Resolves with what
 * went wrong, if anything did: then the client has been told that something has. The program ends with the answer.
 */
export async function answerWithProgram(
  program: RunningProgram,
  incoming: IncomingMessage,
  response: ServerResponse,
  options: CgiAnswerOptions,
): Promise<string | undefined> {
  const leave = (): void => {
    // What it still says goes nowhere. Unread, it would keep its descriptor here, and the program in the middle of a write.
    program.stdout.resume()
    void program.end()
  }
  // Its client may have left while it was started.
  if (response.destroyed) leave()
  else response.once('close', leave)
  try {
    passBody(program, incoming, options.maxBodyBytes)
    const { head, rest, why } = await readHead(program.stdout, options.timeoutMs)
    if (head === undefined) {
      fail(response, why === TOO_LATE ? 504 : 502, 'The program did not answer.')
      return why
    }
    response.writeHead(head.status, { ...options.headers, ...collectHeaders(head) })
    await passOutput(program.stdout, rest, incoming.method === 'HEAD' ? undefined : response)
    response.end()
    return undefined
  } catch (error) {
    fail(response, 502, 'The program did not answer.')
    return (error as Error).message
  } finally {
    void program.end()
  }
}

const TOO_LATE = 'it took too long'

function passBody(program: RunningProgram, incoming: IncomingMessage, maxBodyBytes: number): void {
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    // Of what is announced as longer nothing is read: see the door. What comes without a length is cut off here.
    if (bytes > maxBodyBytes) incoming.destroy()
    else if (program.stdin.writable && !program.stdin.write(chunk)) {
      incoming.pause()
      program.stdin.once('drain', () => incoming.resume())
    }
  })
  incoming.once('end', () => program.stdin.end())
  program.stdin.once('close', () => incoming.resume())
}

interface HeadOfAnswer {
  readonly head: CgiHead | undefined
  readonly rest: Uint8Array
  readonly why: string
}

function readHead(stdout: Readable, timeoutMs: number): Promise<HeadOfAnswer> {
  return new Promise((resolve) => {
    let bytes: Uint8Array = new Uint8Array(0)
    const settle = (head: CgiHead | undefined, rest: Uint8Array, why: string): void => {
      clearTimeout(timer)
      stdout.off('data', take).off('close', ended).pause()
      resolve({ head, rest, why })
    }
    const timer = setTimeout(() => settle(undefined, bytes, TOO_LATE), timeoutMs)
    const ended = (): void => settle(undefined, bytes, 'it ended without an empty line behind its head')
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      const result = parseCgiHead(bytes)
      if (result.state === 'done') settle(result.head, bytes.subarray(result.bodyStart), '')
      else if (result.state === 'invalid') settle(undefined, bytes, result.why)
    }
    stdout.on('data', take).once('close', ended)
  })
}

/** Repeated ones stay apart, as `Set-Cookie` must. */
function collectHeaders({ headers }: CgiHead): Record<string, string[]> {
  const collected: Record<string, string[]> = Object.create(null)
  for (const [name, value] of headers) {
    if (CONNECTION_HEADERS.test(name)) continue
    const key = name.toLowerCase()
    collected[key] = [...(collected[key] ?? []), value]
  }
  return collected
}

/** Passes on what comes, as fast as the client takes it. */
async function passOutput(stdout: Readable, rest: Uint8Array, response: ServerResponse | undefined): Promise<void> {
  if (response === undefined) {
    stdout.resume()
    return
  }
  response.write(rest)
  await new Promise<void>((resolve) => {
    if (stdout.destroyed) resolve()
    stdout.once('close', resolve)
    stdout.on('data', (chunk: Buffer) => {
      if (response.destroyed || response.write(chunk)) return
      stdout.pause()
      response.once('drain', () => stdout.resume())
    })
    stdout.resume()
  })
}

function fail(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${text}\n`)
}
