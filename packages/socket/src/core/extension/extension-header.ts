import { UsageError } from '../error/wigwag-error.ts'
import { isToken, trimWhitespace } from '../http/header-fields.ts'

/** One extension as `Sec-WebSocket-Extensions` offers or accepts it (RFC 6455 §9.1). Parameters keep order and repeats. */
export interface ExtensionOffer {
  readonly name: string
  /** Each parameter with its value, unquoted; `undefined` when it has none. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

/** More offers than any client makes; what is above is refused rather than looked at. */
const MAX_OFFERS = 32

/**
 * Parses the value of `Sec-WebSocket-Extensions` (several lines joined by commas) in one pass, in linear time.
 * Returns what is wrong instead when it is malformed.
 */
export function parseExtensions(
  value: string,
): { readonly offers: readonly ExtensionOffer[] } | { readonly fault: string } {
  const offers: ExtensionOffer[] = []
  const scanner = new Scanner(value)
  while (!scanner.atEnd) {
    if (scanner.skip(',')) continue // RFC 9110 §5.6.1.2: empty list members are ignored
    if (offers.length === MAX_OFFERS) return { fault: `more than ${MAX_OFFERS} extensions are offered` }
    const name = scanner.token()
    if (name === undefined) return { fault: scanner.describe('an extension name') }
    const parameters: [string, string | undefined][] = []
    while (scanner.skip(';')) {
      const parameter = scanner.token()
      if (parameter === undefined) return { fault: scanner.describe('a parameter name') }
      if (!scanner.skip('=')) {
        parameters.push([parameter, undefined])
        continue
      }
      const argument = scanner.tokenOrQuoted()
      if (argument === undefined) return { fault: scanner.describe(`a value for ${parameter}`) }
      parameters.push([parameter, argument])
    }
    offers.push({ name, parameters })
    if (!scanner.atEnd && !scanner.skip(',')) return { fault: scanner.describe("',' or ';'") }
  }
  return { offers }
}

/**
 * The header value that `parseExtensions` reads.
 * Throws `UsageError` `ERR_ARGUMENT` for a name or value that is no token: not even quotes make it one (§9.1).
 */
export function encodeExtensions(offers: readonly ExtensionOffer[]): string {
  return offers
    .map(({ name, parameters }) =>
      [
        checkedToken(name),
        ...parameters.map(([key, value]) =>
          value === undefined ? checkedToken(key) : `${checkedToken(key)}=${checkedToken(value)}`,
        ),
      ].join('; '),
    )
    .join(', ')
}

function checkedToken(text: string): string {
  if (isToken(text)) return text
  throw new UsageError(
    'ERR_ARGUMENT',
    `${JSON.stringify(text)} cannot stand in Sec-WebSocket-Extensions: it is no token.`,
  )
}

/** Walks the text once. White space is skipped before each element. */
class Scanner {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = trimWhitespace(text)
  }

  get atEnd(): boolean {
    this.#skipWhitespace()
    return this.#position >= this.#text.length
  }

  skip(character: string): boolean {
    this.#skipWhitespace()
    if (this.#text[this.#position] !== character) return false
    this.#position++
    return true
  }

  token(): string | undefined {
    this.#skipWhitespace()
    const start = this.#position
    while (this.#position < this.#text.length && isToken(this.#text.charAt(this.#position))) this.#position++
    return this.#position === start ? undefined : this.#text.slice(start, this.#position)
  }

  /** RFC 6455 §9.1: a quoted value must be a token once it is unquoted. */
  tokenOrQuoted(): string | undefined {
    if (!this.skip('"')) return this.token()
    let value = ''
    while (this.#position < this.#text.length) {
      let character = this.#text.charAt(this.#position++)
      if (character === '"') return isToken(value) ? value : undefined
      if (character === '\\') character = this.#text.charAt(this.#position++)
      value += character
    }
    return undefined
  }

  describe(wanted: string): string {
    return `at character ${this.#position + 1} stands ${JSON.stringify(this.#text.slice(this.#position, this.#position + 16))} where ${wanted} should`
  }

  #skipWhitespace(): void {
    while (this.#text[this.#position] === ' ' || this.#text[this.#position] === '\t') this.#position++
  }
}
