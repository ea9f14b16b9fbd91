/** One HTTP answer as it stands in a stream of bytes. */
interface HttpAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** What came on a connection: whole answers, then nothing, a stream that goes on, or what is no HTTP. */
export interface HttpAnswers {
  readonly answers: readonly HttpAnswer[]
  readonly end: 'clean' | 'stream' | 'upgraded' | 'cut'
  /** What is wrong, if anything is. */
  readonly fault?: string
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e]*$/
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)$/

/** Reads answers strictly by RFC 9112; `methods` are those of the requests, in order. `text` is one character a byte. */
export function readHttpAnswers(text: string, methods: readonly string[]): HttpAnswers {
  const answers: HttpAnswer[] = []
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) return { answers, end: 'cut' }
    const [startLine = '', ...lines] = text.slice(at, end).split('\r\n')
    const status = Number(STATUS_LINE.exec(startLine)?.[1] ?? 0)
    if (status === 0) return { answers, end: 'cut', fault: `no status line: ${JSON.stringify(startLine)}` }
    const headers = new Map<string, string>()
    for (const line of lines) {
      const field = FIELD.exec(line)
      if (field === null) return { answers, end: 'cut', fault: `no header field: ${JSON.stringify(line)}` }
      headers.set((field[1] as string).toLowerCase(), field[2] as string)
    }
    at = end + 4
    if (status === 101) return { answers: [...answers, { status, headers, body: '' }], end: 'upgraded' }
    if (status < 200) continue
    const body = readBody(text, at, status, headers, methods[answers.length] ?? 'GET')
    if (body.next < 0) {
      const isStream = /^(text\/event-stream|application\/x-ndjson)/.test(headers.get('content-type') ?? '')
      return { answers: [...answers, { status, headers, body: body.text }], end: isStream ? 'stream' : 'cut' }
    }
    answers.push({ status, headers, body: body.text })
    at = body.next
  }
  return { answers, end: 'clean' }
}

/** The body that begins at `at`, and where it ends; -1 when it is not whole. */
function readBody(
  text: string,
  at: number,
  status: number,
  headers: ReadonlyMap<string, string>,
  method: string,
): { readonly text: string; readonly next: number } {
  if (status === 204 || status === 304 || method === 'HEAD') return { text: '', next: at }
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(text, at)
  const length = Number(headers.get('content-length') ?? text.length - at)
  return { text: text.slice(at, at + length), next: at + length <= text.length ? at + length : -1 }
}

function readChunks(text: string, start: number): { readonly text: string; readonly next: number } {
  let body = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(text.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + size
    if (Number.isNaN(size) || text.slice(next, next + 2) !== '\r\n') return { text: body, next: -1 }
    if (size === 0) return { text: body, next: next + 2 }
    body += text.slice(lineEnd + 2, next)
    at = next + 2
  }
}
