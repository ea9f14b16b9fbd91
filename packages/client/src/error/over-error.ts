import { ClientError } from './client-error.ts'

/** Tells who waits that there is nothing to wait for: `what` is so, and what to do. */
export function overError(
  code: 'ERR_DISCONNECTED' | 'ERR_UNSUBSCRIBED',
  what: string,
  reason: { readonly name: string; readonly text: string },
  advice: string,
): ClientError {
  return new ClientError(code, `${what}: ${reason.text}. ${advice}`, { reason })
}
