import { type ExtensionOffer, encodeExtensions, parseExtensions } from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const offersOf = (value: string): unknown => {
  const parsed = parseExtensions(value)
  return 'offers' in parsed ? parsed.offers : parsed
}
const faultOf = (value: string): string | undefined => {
  const parsed = parseExtensions(value)
  return 'fault' in parsed ? parsed.fault : undefined
}

describe('§9.1 Sec-WebSocket-Extensions', () => {
  test.each([
    ['nothing', '', []],
    ['one name', 'foo', [{ name: 'foo', parameters: [] }]],
    [
      'several offers, most wanted first',
      'foo, bar',
      [
        { name: 'foo', parameters: [] },
        { name: 'bar', parameters: [] },
      ],
    ],
    ['a parameter without a value', 'foo; a', [{ name: 'foo', parameters: [['a', undefined]] }]],
    ['a parameter with a value', 'foo; a=1', [{ name: 'foo', parameters: [['a', '1']] }]],
    ['a quoted value', 'foo; a="1"', [{ name: 'foo', parameters: [['a', '1']] }]],
    ['a quoted value with escapes', 'foo; a="\\1\\2"', [{ name: 'foo', parameters: [['a', '12']] }]],
    [
      'repeats, kept in order',
      'foo; a=1; a=2; b',
      [
        {
          name: 'foo',
          parameters: [
            ['a', '1'],
            ['a', '2'],
            ['b', undefined],
          ],
        },
      ],
    ],
    ['white space anywhere', ' \tfoo ;\ta = "1" \t', [{ name: 'foo', parameters: [['a', '1']] }]],
    ['empty list members (RFC 9110 §5.6.1.2)', ', ,foo,,', [{ name: 'foo', parameters: [] }]],
  ])('%s', (_name, value, expected) => {
    expect(offersOf(value)).toEqual(expected)
  })

  test.each([
    ['no name', ';a', 'an extension name'],
    ['no parameter name', 'foo;', 'a parameter name'],
    ['no parameter name between semicolons', 'foo;;a', 'a parameter name'],
    ['no value', 'foo; a=', 'a value for a'],
    ['an empty quoted value', 'foo; a=""', 'a value for a'],
    ['a quoted value that is no token', 'foo; a="b c"', 'a value for a'],
    ['an unclosed quote', 'foo; a="b', 'a value for a'],
    ['an unclosed quote behind an escape', 'foo; a="b\\', 'a value for a'],
    ['two names in a row', 'foo bar', "',' or ';'"],
    ['something behind a quoted value', 'foo; a="b"c', "',' or ';'"],
    ['a value for the name', 'foo=1', "',' or ';'"],
    ['no token', 'f\xf6o', "',' or ';'"],
    ['a line break', 'foo\r\nSet-Cookie: a', "',' or ';'"],
  ])('%s is a fault that says what should stand there', (_name, value, wanted) => {
    expect(faultOf(value)).toContain(wanted)
  })

  test('the fault says where, and quotes little', () => {
    expect(faultOf('foo; a=1; =')).toMatch(/^at character 11 stands "=" where a parameter name should$/)
    expect(faultOf(`foo;${'('.repeat(100_000)}`)?.length).toBeLessThan(100)
  })

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is a name like any other', (name) => {
    expect(offersOf(`${name}; ${name}; ${name}=${name}`)).toEqual([
      {
        name,
        parameters: [
          [name, undefined],
          [name, name],
        ],
      },
    ])
  })

  test('more than 32 offers are refused', () => {
    expect(offersOf(Array(32).fill('a').join())).toHaveLength(32)
    expect(faultOf(Array(33).fill('a').join())).toBe('more than 32 extensions are offered')
    expect(faultOf('a,'.repeat(500_000))).toBe('more than 32 extensions are offered')
  })
})

describe('the work grows with the length of the value, and no faster', () => {
  const LENGTH = 1_000_000
  test.each([
    ['a long unclosed quote', `a; b="${'x'.repeat(LENGTH)}`],
    ['a long unclosed quote of escapes', `a; b="${'\\a'.repeat(LENGTH / 2)}`],
    ['an unclosed quote of escaped quotes', `a; b="${'\\"'.repeat(LENGTH / 2)}`],
    ['white space', `a; b${' '.repeat(LENGTH)}!!!(`],
    ['semicolons', `a${';a'.repeat(LENGTH / 2)}(`],
    ['commas', `${','.repeat(LENGTH)}(`],
    ['quotes that open and close', `a${';b="c"'.repeat(LENGTH / 6)}"`],
  ])('%s', (_name, value) => {
    expect(faultOf(value)).toBeDefined()
  })
})

describe('writing extensions', () => {
  const token = fc.string({ unit: fc.constantFrom(..."abyz09-_.!#$%&'*+^`|~"), minLength: 1, maxLength: 10 })
  const offer = fc.record({
    name: token,
    parameters: fc.array(fc.tuple(token, fc.option(token, { nil: undefined })), { maxLength: 5 }),
  })

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 32 }), (offers) => {
        expect(offersOf(encodeExtensions(offers))).toEqual(offers)
      }),
    )
  })

  test('what was read may also have been quoted', () => {
    const quote = (text: string): string => `"${text.replace(/./g, '\\$&')}"`
    fc.assert(
      fc.property(offer, ({ name, parameters }) => {
        const value = [
          name,
          ...parameters.map(([key, arg]) => (arg === undefined ? key : `${key}=${quote(arg)}`)),
        ].join(';')
        expect(offersOf(value)).toEqual([{ name, parameters }])
      }),
    )
  })

  test.each<[string, ExtensionOffer]>([
    ['a name that is no token', { name: 'a b', parameters: [] }],
    ['an empty name', { name: '', parameters: [] }],
    ['a parameter that is no token', { name: 'a', parameters: [['b;c', undefined]] }],
    ['a value that is no token, quoted or not', { name: 'a', parameters: [['b', 'c d']] }],
    ['a line break', { name: 'a', parameters: [['b', 'c\r\nSet-Cookie: d']] }],
  ])('%s cannot be written', (_name, bad) => {
    expect(() => encodeExtensions([bad])).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT', name: 'UsageError' }))
  })

  test('any text is offers or a fault, never a throw', () => {
    const scraps = fc.constantFrom('a', '=', ';', ',', '"', '\\', ' ', '\t', '1', '\0', 'é')
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 40 }), (parts) => {
        const parsed = parseExtensions(parts.join(''))
        if ('offers' in parsed) expect(offersOf(encodeExtensions(parsed.offers))).toEqual(parsed.offers)
      }),
      { numRuns: 300 },
    )
  })
})
