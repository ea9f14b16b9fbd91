import { describeError } from './cli-error.ts'

/** How a command reaches servers: its scheme without TLS, and how it is told of an authority to trust. */
export interface Reach {
  readonly plain: 'http' | 'ws'
  readonly trust: string
}

/** Says why a server could not be reached, and what to do. */
export function describeUnreachable(error: unknown, { plain, trust }: Reach): string {
  const said = describeError(error).replace(/\.$/, '')
  // OpenSSL's words for an answer that is no TLS name lines of its own sources.
  if (said.includes('wrong version number')) return `there is no TLS on that port. Write ${plain}:// in its place.`
  if (/certificate/.test(said)) return `${said}. Trust it, or the authority that signed it, with ${trust}.`
  if (said === 'other side closed') return `${said}. If there is TLS on that port, write ${plain}s:// in its place.`
  return `${said}. Is the server running there?`
}
