import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import { reasonOfResponse } from './reason-of-response.ts'

/** Finds out why a WebSocket did not open, where its reason does not say; tells what it found, if it found anything. */
export type Diagnose = (reason: CloseReason, tell: (found: CloseReason) => void) => void

/** Makes one that asks `url`, where the WebSocket is. */
export type CreateDiagnosis = (url: URL, nowMs: () => number) => Diagnose

/** What browsers say of each WebSocket that did not open, whatever kept it from that. */
const ABNORMAL_CLOSURE = 1006
/** An answer is waited for, and stands, so long, in milliseconds: nobody is asked more often. */
const FRESH_MS = 5000

/**
 * Asks by a request that carries no more than the upgrade did: a hub answers it with what that was answered. By `POST`, because of a
 * page that asks its own origin by a `GET` no browser says what that is.
 */
export function diagnosed(url: URL, nowMs: () => number, method = 'POST'): Diagnose {
  const plain = String(url).replace(/^ws/, 'http')
  let askedMs = 0
  let answer: Promise<CloseReason | undefined> | undefined
  return ({ name, code }, tell) => {
    if (name !== 'unreachable' || code !== ABNORMAL_CLOSURE) return
    if (answer === undefined || nowMs() - askedMs >= FRESH_MS) {
      askedMs = nowMs()
      answer = ask(plain, method)
    }
    void answer.then((found) => found && tell(found))
  }
}

async function ask(url: string, method: string): Promise<CloseReason | undefined> {
  const { navigator, location } = globalThis as Partial<typeof globalThis>
  if (navigator?.onLine === false) return closeReason('offline')
  const request = (mode: RequestMode, redirect: RequestRedirect): Promise<Response> =>
    fetch(url, { method, mode, redirect, cache: 'no-store', signal: AbortSignal.timeout(FRESH_MS) })
  try {
    // No WebSocket follows a redirect.
    return await reasonOfResponse(await request('cors', 'manual'), 'unreachable')
  } catch {
    // Whether anybody is there is all that a page is told who may read nothing. Nor may it of its own origin, if nobody is.
    const seen =
      location && !url.startsWith(`${location.origin}/`) && (await request('no-cors', 'follow').catch(() => {}))
    return seen
      ? closeReason('forbidden', { text: `pages of ${location.origin} may not read what answers` })
      : undefined
  }
}
