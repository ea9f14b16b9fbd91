/** RFC 9110 §5.6.2: the characters of a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Whether `text` is a token (RFC 9110 §5.6.2), as header names and subprotocols must be. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

const NONE: readonly string[] = []

/** Header fields of one HTTP message, in order, repeats kept apart. Names are compared without case (RFC 9110 §5.1). */
export class HeaderFields {
  // Side by side, and searched from the start: messages have a dozen lines, and are asked for a few of them once.
  readonly #names: string[] = []
  readonly #values: string[] = []

  /** Takes names and values in turn, as `http.IncomingMessage.rawHeaders` has them. */
  constructor(namesAndValues: readonly string[] = NONE) {
    for (let i = 0; i + 1 < namesAndValues.length; i += 2) {
      this.append(namesAndValues[i] as string, namesAndValues[i + 1] as string)
    }
  }

  /** Adds one field line. */
  append(name: string, value: string): void {
    this.#names.push(name.toLowerCase())
    this.#values.push(value)
  }

  /** Whether there is a line of `name`. */
  has(name: string): boolean {
    return this.#names.includes(name.toLowerCase())
  }

  /** How many lines of `name` there are. */
  count(name: string): number {
    const key = name.toLowerCase()
    let count = 0
    for (const other of this.#names) if (other === key) count++
    return count
  }

  /** Every value of `name`, one per field line. */
  all(name: string): readonly string[] {
    const key = name.toLowerCase()
    let at = this.#names.indexOf(key)
    if (at < 0) return NONE
    const values: string[] = []
    for (; at >= 0; at = this.#names.indexOf(key, at + 1)) values.push(this.#values[at] as string)
    return values
  }

  /** The value of `name`; of several lines, the list they make together (RFC 9110 §5.3). */
  get(name: string): string | undefined {
    const key = name.toLowerCase()
    const at = this.#names.indexOf(key)
    if (at < 0) return undefined
    return this.#names.indexOf(key, at + 1) < 0 ? this.#values[at] : this.all(key).join(', ')
  }

  /** The members of a comma-separated list of tokens, over all lines of `name`, without empty ones. */
  list(name: string): readonly string[] {
    const lines = this.all(name)
    if (lines.length === 0) return NONE
    return lines.flatMap((value) => value.split(',').map(trimWhitespace)).filter((member) => member !== '')
  }

  /** Whether that list has `token`, without regard to case. */
  lists(name: string, token: string): boolean {
    // Mostly it is all there is.
    const value = this.get(name)
    if (value === undefined) return false
    return value.toLowerCase() === token || this.list(name).some((member) => member.toLowerCase() === token)
  }

  /** Each line as `[lower-case name, value]`, in the order in which they came. */
  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (const [i, name] of this.#names.entries()) yield [name, this.#values[i] as string]
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
