/** RFC 9110 §5.6.2: the characters of a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether `text` is a token (RFC 9110 §5.6.2), as header names and subprotocols must be. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Header fields of one HTTP message, in order, repeats kept apart. Names are compared without case (RFC 9110 §5.1). */
export class HeaderFields {
  readonly #byName = new Map<string, string[]>()

  /** Takes names and values in turn, as `http.IncomingMessage.rawHeaders` has them. */
  constructor(namesAndValues: readonly string[] = []) {
    for (let i = 0; i + 1 < namesAndValues.length; i += 2) {
      this.append(namesAndValues[i] as string, namesAndValues[i + 1] as string)
    }
  }

  /** Adds one field line. */
  append(name: string, value: string): void {
    const key = name.toLowerCase()
    const values = this.#byName.get(key)
    if (values === undefined) this.#byName.set(key, [value])
    else values.push(value)
  }

  /** Every value of `name`, one per field line. */
  all(name: string): readonly string[] {
    return this.#byName.get(name.toLowerCase()) ?? []
  }

  /** The value of `name`; of several lines, the list they make together (RFC 9110 §5.3). */
  get(name: string): string | undefined {
    const values = this.#byName.get(name.toLowerCase())
    return values?.join(', ')
  }

  /** The members of a comma-separated list of tokens, over all lines of `name`, without empty ones. */
  list(name: string): readonly string[] {
    return this.all(name)
      .flatMap((value) => value.split(',').map(trimWhitespace))
      .filter((member) => member !== '')
  }

  /** Whether that list has `token`, without regard to case. */
  lists(name: string, token: string): boolean {
    return this.list(name).some((member) => member.toLowerCase() === token)
  }

  /** Each line as `[lower-case name, value]`. */
  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (const [name, values] of this.#byName) for (const value of values) yield [name, value]
  }
}

/** Removes spaces and tabs at both ends: HTTP's optional white space, and no other (RFC 9110 §5.6.3). */
export function trimWhitespace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isWhitespace(text.charCodeAt(start))) start++
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
