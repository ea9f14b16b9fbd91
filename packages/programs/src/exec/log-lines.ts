import type { Readable } from 'node:stream'
import { LineSplitter } from './line-splitter.ts'

/** Longest line of stderr that is logged whole, in bytes. */
const MAX_LOGGED_BYTES = 8 * 1024

/** Tells each line of a stream. One that is too long is told in its place by what it is. */
export function logLines(stream: Readable, tell: (line: string) => void): void {
  const lines = new LineSplitter(MAX_LOGGED_BYTES)
  const tellAll = (): void => {
    for (let next = lines.next(); next !== undefined; next = lines.next()) tell('line' in next ? next.line : TOO_LONG)
  }
  stream.on('data', (chunk: Buffer) => {
    const fits = lines.push(chunk)
    tellAll()
    if (fits) return
    lines.end()
    tell(TOO_LONG)
  })
  stream.once('end', () => {
    const last = lines.end()
    if (last !== undefined) tell('line' in last ? last.line : TOO_LONG)
  })
}

const TOO_LONG = `(a line of more than ${MAX_LOGGED_BYTES} bytes)`
