import { type ExtensionOffer, encodeExtensions, parseExtensions } from '@wigwag/socket/core'

/** Offers by name; each with its parameters by name, each of which has all the values that were given. */
type Offers = Record<string, Record<string, (string | true)[]>[]>
type Value = string | number | true

/** `Sec-WebSocket-Extensions` read and written as objects. */
export const extension: {
  /** Throws `SyntaxError` for a header that is malformed. */
  parse(header: string): Offers
  format(extensions: Readonly<Record<string, Parameters | readonly Parameters[]>>): string
} = {
  parse(header) {
    const parsed = parseExtensions(header)
    if ('fault' in parsed) throw new SyntaxError(parsed.fault)
    if (parsed.offers.length === 0) throw new SyntaxError('Unexpected end of input')
    const offers: Offers = Object.create(null)
    for (const { name, parameters } of parsed.offers) {
      const values: Record<string, (string | true)[]> = Object.create(null)
      for (const [key, value] of parameters) values[key] = [...(values[key] ?? []), value ?? true]
      offers[name] = [...(offers[name] ?? []), values]
    }
    return offers
  },

  format(extensions) {
    return encodeExtensions(
      Object.entries(extensions).flatMap(([name, offers]): ExtensionOffer[] =>
        [offers].flat().map((parameters) => ({ name, parameters: toPairs(parameters as Parameters) })),
      ),
    )
  },
}

type Parameters = Readonly<Record<string, Value | readonly Value[]>>

function toPairs(parameters: Parameters): [string, string | undefined][] {
  return Object.entries(parameters).flatMap(([key, values]) =>
    [values].flat().map((value): [string, string | undefined] => [key, value === true ? undefined : String(value)]),
  )
}
