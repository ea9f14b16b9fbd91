import { Credentials } from '@wigwag/programs'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
const credentials = new Credentials(['ada:secret', 'bob:pass:word', 'ünï:cödé'])

test.each([
  ['ada:secret', 'ada'],
  ['bob:pass:word', 'bob'],
  ['ünï:cödé', 'ünï'],
])('RFC 7617: %s is %s', (pair, name) => {
  expect(credentials.check(basic(pair))).toBe(name)
  expect(credentials.check(basic(pair).replace('Basic', 'bASIC'))).toBe(name)
})

test.each([
  [undefined],
  [''],
  ['Basic'],
  ['Basic !'],
  [basic('ada:secret2')],
  [basic('ada:')],
  [basic('bob:pass')],
  [basic('ada:secret').replace('Basic', 'Bearer')],
  [`${basic('ada:secret')} more`],
])('%s is nobody', (header) => {
  expect(credentials.check(header)).toBeUndefined()
})

test('whatever comes is nobody, and no error', () => {
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (text, isEncoded) => {
      expect(credentials.check(isEncoded ? basic(text) : `Basic ${text}`)).toBeUndefined()
    }),
  )
})

test.each([[[]], [['ada']], [['ada:']], [[':secret']], [['ada:secret', 'x']]])('%j cannot be asked for', (pairs) => {
  expect(() => new Credentials(pairs)).toThrow('NAME:PASSWORD')
})
