import {
  type AcceptedExtension,
  answerExtensions,
  confirmExtensions,
  type ExtensionOffer,
  type ExtensionParameters,
  encodeExtensions,
  type MessageCodec,
  type MessageExtension,
  offerExtensions,
  parseExtensions,
  type ReservedBit,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const codec: MessageCodec = { encode: () => undefined, decode: (payload) => payload }

/** An extension whose only parameter is a `level` of at most `most`. */
class Leveled implements MessageExtension {
  readonly name: string
  readonly reservedBit: ReservedBit
  readonly #most: number

  constructor(name: string, reservedBit: ReservedBit, most = 9) {
    this.name = name
    this.reservedBit = reservedBit
    this.#most = most
  }

  offer(): ExtensionParameters[] {
    return [[['level', String(this.#most)]], []]
  }

  accept(offered: ExtensionParameters): AcceptedExtension | undefined {
    return this.#isPossible(offered) ? { parameters: offered, codec } : undefined
  }

  confirm(answered: ExtensionParameters): MessageCodec | { readonly fault: string } {
    return this.#isPossible(answered) ? codec : { fault: `the level is above ${this.#most}` }
  }

  #isPossible(parameters: ExtensionParameters): boolean {
    return parameters.every(([name, value]) => name === 'level' && Number(value) <= this.#most)
  }
}

const SPOKEN = [new Leveled('x-one', 4), new Leveled('x-other', 4), new Leveled('x-two', 2), new Leveled('x-bare', 0)]

function parse(header: string): readonly ExtensionOffer[] {
  const parsed = parseExtensions(header)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed.offers
}

describe('RFC 6455 §9.1 what a server answers', () => {
  test.each([
    ['', ''],
    ['x-unknown, constructor, __proto__', ''],
    ['x-one', 'x-one'],
    // Names are compared letter by letter.
    ['X-One', ''],
    // The client's order is its preference, and the order in which they are in use.
    ['x-one, x-two', 'x-one, x-two'],
    ['x-two, x-one', 'x-two, x-one'],
    ['x-unknown, x-two; level=3', 'x-two; level=3'],
    // Of one extension the first offer that can be accepted.
    ['x-one; level=10, x-one; level=8, x-one', 'x-one; level=8'],
    ['x-one; level=10, x-two, x-one', 'x-two, x-one'],
    ['x-one; level=10', ''],
    // One bit, one meaning: the first that can be accepted keeps it.
    ['x-one, x-other', 'x-one'],
    ['x-other, x-one', 'x-other'],
    ['x-one; level=10, x-other', 'x-other'],
    ['x-one, x-other, x-two', 'x-one, x-two'],
    // Without a bit there is nothing to share.
    ['x-bare, x-one, x-two', 'x-bare, x-one, x-two'],
  ])('to %j: %j', (offered, expected) => {
    const { answer, chain } = answerExtensions(parse(offered), SPOKEN)
    expect(encodeExtensions(answer)).toBe(expected)
    expect(chain === undefined).toBe(expected === '')
  })

  test('the bits that have a meaning follow from what is in use', () => {
    expect(answerExtensions(parse('x-one, x-two'), SPOKEN).chain?.reservedBits).toBe(6)
    expect(answerExtensions(parse('x-bare'), SPOKEN).chain?.reservedBits).toBe(0)
  })

  test('an extension is asked only for offers of its own that could be in use', () => {
    const asked: string[] = []
    const spoken = SPOKEN.map(({ name, reservedBit }) =>
      Object.assign(new Leveled(name, reservedBit), {
        accept: (offered: ExtensionParameters) => {
          asked.push(name)
          return { parameters: offered, codec }
        },
      }),
    )
    answerExtensions(parse('x-one, x-one; level=1, x-other, x-two'), spoken)
    expect(asked).toEqual(['x-one', 'x-two'])
  })
})

describe('RFC 6455 §9.1 what a client offers', () => {
  test('all that it speaks, most wanted first, each in every way that it is wanted', () => {
    const [one, , two] = SPOKEN as [Leveled, Leveled, Leveled]
    expect(encodeExtensions(offerExtensions([two, one]))).toBe('x-two; level=9, x-two, x-one; level=9, x-one')
    expect(offerExtensions([])).toEqual([])
  })
})

describe('RFC 6455 §4.1 what a client takes for an answer', () => {
  test.each(['', 'x-one', 'x-two; level=9, x-one', 'x-bare, x-other, x-two'])('%j is taken', (answer) => {
    const confirmed = confirmExtensions(parse(answer), SPOKEN)
    expect(confirmed).not.toHaveProperty('fault')
    if ('fault' in confirmed) return
    expect(encodeExtensions(confirmed.answer)).toBe(answer)
    expect(confirmed.chain === undefined).toBe(answer === '')
  })

  test.each([
    ['x-unknown', 'it uses the extension x-unknown, which was not offered'],
    ['x-one, X-Two', 'it uses the extension X-Two, which was not offered'],
    ['x-one, x-one; level=1', 'it uses the extension x-one twice'],
    ['x-bare, x-bare', 'it uses the extension x-bare twice'],
    ['x-one, x-other', 'it uses x-one and x-other, which need the same reserved bit'],
    ['x-two, x-one; level=10', 'of the extension x-one, the level is above 9'],
  ])('%j fails the opening handshake: %s', (answer, fault) => {
    expect(confirmExtensions(parse(answer), SPOKEN)).toEqual({ fault })
  })
})
