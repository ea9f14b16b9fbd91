import { createHash, timingSafeEqual } from 'node:crypto'
import { ProgramsError } from '../programs-error.ts'

/** Who may come in: names and passwords for HTTP Basic (RFC 7617). Passwords are kept as hashes and compared in constant time. */
export class Credentials {
  readonly #pairs: readonly Buffer[]

  /** Takes `NAME:PASSWORD` each. Throws `ProgramsError` `ERR_PROGRAM_OPTION` for one without either; it never quotes them. */
  constructor(pairs: readonly string[]) {
    const isPair = (pair: string): boolean => pair.indexOf(':') > 0 && !pair.endsWith(':')
    if (pairs.length === 0 || !pairs.every(isPair)) {
      throw new ProgramsError('ERR_PROGRAM_OPTION', 'Option credentials takes NAME:PASSWORD, neither of them empty.')
    }
    this.#pairs = pairs.map(digest)
  }

  /** The name that an `Authorization` header proves, if it does. */
  check(authorization: string | undefined): string | undefined {
    const encoded = /^basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1]
    if (encoded === undefined) return undefined
    const pair = Buffer.from(encoded, 'base64').toString()
    const given = digest(pair)
    let isKnown = false
    // All of them, so that the time does not tell which it was.
    for (const known of this.#pairs) isKnown = timingSafeEqual(known, given) || isKnown
    return isKnown ? pair.slice(0, pair.indexOf(':')) : undefined
  }
}

/** What asks a browser for a name and a password. */
export const CHALLENGE: Readonly<Record<string, string>> = {
  'www-authenticate': 'Basic realm="wigwag", charset="UTF-8"',
}

function digest(pair: string): Buffer {
  return createHash('sha256').update(pair).digest()
}
