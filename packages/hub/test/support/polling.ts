import { onTestFinished } from 'vitest'

/** A member of a poll's array. */
interface PolledPublication {
  readonly offset?: number
  readonly epoch?: string
  readonly time: number
  readonly data?: unknown
  readonly b64data?: string
}

/** The answer to a poll. */
export interface PollAnswer {
  readonly status: number
  readonly headers: Headers
  readonly etag: string | undefined
  readonly body: string
  /** The body, when it is an array of publications. */
  readonly publications: readonly PolledPublication[]
  /** Their data. */
  readonly data: readonly unknown[]
}

/** Polls. Leaves when the test is finished. */
export async function poll(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<PollAnswer> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(url, { method, headers, signal: abort.signal })
  const body = await response.text()
  const publications = body.startsWith('[') ? (JSON.parse(body) as PolledPublication[]) : []
  return {
    status: response.status,
    headers: response.headers,
    etag: response.headers.get('etag') ?? undefined,
    body,
    publications,
    data: publications.map(({ data }) => data),
  }
}

/** Polls from behind an entity tag. */
export function pollBehind(url: string, etag: string | undefined): Promise<PollAnswer> {
  return poll(url, etag === undefined ? {} : { 'if-none-match': etag })
}
