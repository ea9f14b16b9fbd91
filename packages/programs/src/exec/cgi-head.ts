/** What a program says before its first output: a status, and headers. */
export interface CgiHead {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
}

/** A head, that more must come, or what is wrong with it. */
export type CgiHeadResult =
  | { readonly state: 'done'; readonly head: CgiHead; readonly bodyStart: number }
  | { readonly state: 'more' }
  | { readonly state: 'invalid'; readonly why: string }

/** Largest head accepted of a program, in bytes. */
export const MAX_CGI_HEAD_BYTES: number = 16 * 1024

/** RFC 9110 §5.1: names are tokens. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** RFC 9110 §5.5: no controls but tabs. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Reads the head of a CGI answer (RFC 3875 §6.3) from its beginning: lines `Name: value` up to an empty one, with `\n` or
 * `\r\n`. `Status` gives the status; without it it is 200, or 302 where there is a `Location`.
 */
export function parseCgiHead(bytes: Uint8Array): CgiHeadResult {
  const lines: string[] = []
  let start = 0
  while (start <= MAX_CGI_HEAD_BYTES) {
    const newline = bytes.indexOf(0x0a, start)
    if (newline < 0) break
    const end = newline > start && bytes[newline - 1] === 0x0d ? newline - 1 : newline
    if (end === start) return judge(lines, newline + 1)
    lines.push(Buffer.from(bytes.subarray(start, end)).toString('latin1'))
    start = newline + 1
  }
  if (bytes.length <= MAX_CGI_HEAD_BYTES) return { state: 'more' }
  return { state: 'invalid', why: `its head is longer than ${MAX_CGI_HEAD_BYTES} bytes` }
}

function judge(lines: readonly string[], bodyStart: number): CgiHeadResult {
  const headers: [string, string][] = []
  let status: number | undefined
  for (const line of lines) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1).trim()]
    if (!NAME.test(name) || !VALUE.test(value)) {
      return { state: 'invalid', why: `it has a line that is no header: ${JSON.stringify(line.slice(0, 60))}` }
    }
    if (name.toLowerCase() !== 'status') headers.push([name, value])
    else {
      status = /^[1-5]\d\d(?: |$)/.test(value) ? Number(value.slice(0, 3)) : undefined
      if (status === undefined) return { state: 'invalid', why: `its Status is ${JSON.stringify(value.slice(0, 60))}` }
    }
  }
  const isRedirect = headers.some(([name]) => name.toLowerCase() === 'location')
  return { state: 'done', head: { status: status ?? (isRedirect ? 302 : 200), headers }, bodyStart }
}
