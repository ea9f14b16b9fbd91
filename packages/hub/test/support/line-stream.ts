import { LineSplitter } from '@wigwag/testkit/line-splitter'
import { onTestFinished } from 'vitest'
import { Arrivals } from './arrivals.ts'

/** A line of a stream: a publication, or what the stream says itself. */
interface StreamLine {
  readonly offset?: number
  readonly epoch?: string
  readonly time?: number
  readonly tags?: Readonly<Record<string, string>>
  readonly data?: unknown
  readonly b64data?: string
  readonly gap?: Readonly<Record<string, string>>
  readonly live?: { readonly position?: string; readonly recovered: number }
  readonly retry?: number
  readonly failure?: { readonly code: string; readonly message: string }
}

/** A stream of lines with everything that came on it. */
export interface TestLines {
  readonly response: Response
  readonly lines: readonly StreamLine[]
  /** The next line with this field that was not asked for yet. */
  next(field?: keyof StreamLine): Promise<StreamLine>
  readonly ended: Promise<void>
}

/** Opens a stream of lines, and leaves it when the test is finished. */
export async function openLines(url: string, headers: Record<string, string> = {}): Promise<TestLines> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(url, { headers: { accept: 'application/x-ndjson', ...headers }, signal: abort.signal })
  const lines: StreamLine[] = []
  const arrivals = new Arrivals()
  let hasEnded = false
  const read = async (): Promise<void> => {
    const splitter = new LineSplitter()
    for await (const chunk of response.body ?? []) {
      // Whatever comes is JSON: a line that is none fails the test.
      lines.push(...splitter.take(chunk).map((line) => JSON.parse(line) as StreamLine))
      arrivals.tell()
    }
  }
  const ended = read()
    .catch((error: unknown) => {
      if (error instanceof SyntaxError) throw error
    })
    .finally(() => {
      hasEnded = true
      arrivals.tell()
    })
  let taken = 0
  const find = (field: keyof StreamLine | undefined): number =>
    lines.findIndex((line, i) => i >= taken && (field === undefined || field in line))
  return {
    response,
    lines,
    ended,
    async next(field) {
      await arrivals.until(() => find(field) >= 0 || hasEnded)
      const at = find(field)
      const line = lines[at]
      if (line === undefined) throw new Error(`The stream ended before ${field ?? 'another line'} came.`)
      taken = at + 1
      return line
    },
  }
}
