import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { collectBytes } from '../collect-bytes.ts'

/** A request to a back end. */
export interface HookRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly options: RequestOptions
  readonly maxAnswerBytes: number
  readonly signal: AbortSignal
}

/** What came of it. */
export type Exchanged =
  /** `body` is nothing when the status says that none counts. */
  | { readonly type: 'answer'; readonly status: number; readonly body: Uint8Array | undefined }
  | { readonly type: 'too-large' }
  | { readonly type: 'encoded'; readonly encoding: string }
  /** The connection was kept from an earlier call, and gone before a byte of the answer came. */
  | { readonly type: 'stale' }

/** Posts JSON and reads the answer. No redirect is followed. Rejects when the network fails, or with the signal's reason. */
export async function exchange(request: HookRequest): Promise<Exchanged> {
  const { signal, maxAnswerBytes } = request
  const outgoing = await post(request)
  if (outgoing === 'stale') return { type: 'stale' }
  const incoming = outgoing
  try {
    const { statusCode: status = 0, headers } = incoming
    if (status < 200 || status > 299) return { type: 'answer', status, body: undefined }
    const { 'content-encoding': encoding = 'identity' } = headers
    // It was not asked for, and what is small here may be large behind it.
    if (encoding !== 'identity') return { type: 'encoded', encoding }
    const body = await collectBytes(incoming, maxAnswerBytes)
    return body === undefined ? { type: 'too-large' } : { type: 'answer', status, body }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    // Read to its end it does nothing; else whatever is left must not be waited for.
    incoming.destroy()
  }
}

function post({ url, headers, body, options, signal }: HookRequest): Promise<IncomingMessage | 'stale'> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = request(url, {
      ...options,
      method: 'POST',
      signal,
      headers: {
        ...headers,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    })
    outgoing.on('response', resolve)
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason)
      else if (outgoing.reusedSocket && STALE.has(error.code ?? '')) resolve('stale')
      else reject(error)
    })
    // An answer that switches to another protocol ends the connection without an error.
    outgoing.on('close', () => reject(new Error('the connection ended without an answer')))
    outgoing.end(body)
  })
}

const STALE = new Set(['ECONNRESET', 'EPIPE'])
