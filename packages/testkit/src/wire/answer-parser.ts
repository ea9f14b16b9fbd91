/** The head of an answer: names of fields are in lower case, and what came twice is joined by commas. */
export interface AnswerHead {
  readonly version: '1.0' | '1.1'
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

/** What a parser of answers tells. */
export interface AnswerSink {
  head(head: AnswerHead): void
  body(chunk: Buffer): void
  /** The answer is whole. */
  end(): void
}

type Step =
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; left: number }
  | { readonly kind: 'chunk-head' }
  | { readonly kind: 'chunk'; left: number }
  | { readonly kind: 'chunk-end' }
  | { readonly kind: 'trailer' }
  /** Everything up to the end of the connection. */
  | { readonly kind: 'rest' }

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3}) [\t\x20-\x7e]*$/
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/
const CHUNK_HEAD = /^([0-9A-Fa-f]{1,8})$/

/** Reads answers as they come, strictly by RFC 9112. Throws for what is no HTTP. */
export class AnswerParser {
  readonly #sink: AnswerSink
  /** The methods of the requests that have no answer yet. */
  readonly #methods: string[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #step: Step = { kind: 'head' }

  constructor(sink: AnswerSink) {
    this.#sink = sink
  }

  /** Another request was sent. */
  asked(method: string): void {
    this.#methods.push(method)
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    while (this.#run());
  }

  /** The connection has ended: what goes on until then is whole. */
  finish(): void {
    if (this.#step.kind !== 'rest') return
    this.#step = { kind: 'head' }
    this.#sink.end()
  }

  /** Does one step; returns whether there may be another. */
  #run(): boolean {
    const step = this.#step
    switch (step.kind) {
      case 'rest':
        return this.#pass(this.#bytes.length)
      case 'body':
      case 'chunk': {
        const bytes = Math.min(step.left, this.#bytes.length)
        this.#pass(bytes)
        step.left -= bytes
        if (step.left > 0) return false
        if (step.kind === 'chunk') this.#step = { kind: 'chunk-end' }
        else this.#whole()
        return this.#bytes.length > 0
      }
      default: {
        const end = step.kind === 'head' ? '\r\n\r\n' : '\r\n'
        const at = this.#bytes.indexOf(end)
        if (at < 0) return false
        const text = this.#bytes.toString('latin1', 0, at)
        this.#bytes = this.#bytes.subarray(at + end.length)
        if (step.kind === 'head') this.#readHead(text)
        else this.#readLine(step.kind, text)
        return true
      }
    }
  }

  #pass(bytes: number): boolean {
    if (bytes > 0) this.#sink.body(this.#bytes.subarray(0, bytes))
    this.#bytes = this.#bytes.subarray(bytes)
    return false
  }

  #readHead(text: string): void {
    const [startLine = '', ...lines] = text.split('\r\n')
    const [, minor, code] = STATUS_LINE.exec(startLine) ?? fail('no status line', startLine)
    const headers = new Map<string, string>()
    for (const line of lines) {
      const [, name = '', value = ''] = FIELD.exec(line) ?? fail('no header field', line)
      const before = headers.get(name.toLowerCase())
      headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
    }
    const status = Number(code)
    this.#sink.head({ version: minor === '0' ? '1.0' : '1.1', status, headers })
    // RFC 9110 §15.2: an interim answer has another behind it.
    if (status < 200 && status !== 101) return
    const method = this.#methods.shift()
    if (status === 101) this.#step = { kind: 'rest' }
    else if (method === 'HEAD' || status === 204 || status === 304) this.#whole()
    else if (headers.get('transfer-encoding') === 'chunked') this.#step = { kind: 'chunk-head' }
    else if (!headers.has('content-length')) this.#step = { kind: 'rest' }
    else {
      const left = Number(headers.get('content-length'))
      this.#step = { kind: 'body', left }
      if (left === 0) this.#whole()
    }
  }

  #readLine(kind: 'chunk-head' | 'chunk-end' | 'trailer', text: string): void {
    if (kind === 'chunk-head') {
      const [, size = ''] = CHUNK_HEAD.exec(text) ?? fail('no size of a chunk', text)
      const left = Number.parseInt(size, 16)
      this.#step = left === 0 ? { kind: 'trailer' } : { kind: 'chunk', left }
    } else if (kind === 'chunk-end') {
      if (text !== '') fail('more than its size in a chunk', text)
      this.#step = { kind: 'chunk-head' }
    } else if (text === '') this.#whole()
  }

  #whole(): void {
    this.#step = { kind: 'head' }
    this.#sink.end()
  }
}

function fail(what: string, text: string): never {
  throw new Error(`${what}: ${JSON.stringify(text.slice(0, 200))}`)
}
