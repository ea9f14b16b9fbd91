import type { ResponseHead } from '../core/index.ts'

/** More than this is not for people. */
const MAX_LENGTH = 500

/** The body of an answer that refuses an upgrade, as far as `rest`, which came right behind its head, reaches. */
export function readRefusalBody({ headers }: ResponseHead, rest: Uint8Array): string {
  const bytes = headers.lists('transfer-encoding', 'chunked') ? joinChunks(Buffer.from(rest)) : Buffer.from(rest)
  return bytes.toString('utf8').slice(0, MAX_LENGTH).trim()
}

/** RFC 9112 §7.1: what most HTTP servers frame their own pages with. Ends where the chunks do, or are none. */
function joinChunks(rest: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size =
      lineEnd < 0 ? '' : (/^[0-9a-f]{1,8}(?=[ \t]*(;|$))/i.exec(rest.toString('latin1', at, lineEnd))?.[0] ?? '')
    const bytes = Number.parseInt(size, 16)
    if (!(bytes > 0)) return Buffer.concat(chunks)
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + bytes))
    at = lineEnd + 2 + bytes + 2
  }
}
