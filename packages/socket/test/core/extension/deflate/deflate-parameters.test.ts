import {
  type DeflateParameters,
  type ExtensionParameters,
  encodeDeflateParameters,
  parseDeflateParameters,
  parseExtensions,
} from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

function parse(parameters: string): DeflateParameters | { readonly fault: string } {
  const parsed = parseExtensions(`permessage-deflate; ${parameters}`)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parseDeflateParameters(parsed.offers[0]?.parameters as ExtensionParameters)
}

describe('RFC 7692 §7.1 parameters', () => {
  test.each([
    ['server_no_context_takeover', { serverNoContextTakeover: true }],
    ['client_no_context_takeover', { clientNoContextTakeover: true }],
    ['server_max_window_bits=8', { serverMaxWindowBits: 8 }],
    ['server_max_window_bits=15', { serverMaxWindowBits: 15 }],
    ['server_max_window_bits="10"', { serverMaxWindowBits: 10 }],
    ['client_max_window_bits', { clientMaxWindowBits: true }],
    ['client_max_window_bits=9', { clientMaxWindowBits: 9 }],
    ['client_max_window_bits="1\\2"', { clientMaxWindowBits: 12 }],
    [
      'client_max_window_bits ; server_max_window_bits = 11;server_no_context_takeover',
      { clientMaxWindowBits: true, serverMaxWindowBits: 11, serverNoContextTakeover: true },
    ],
  ])('%s', (text, expected) => expect(parse(text)).toMatchObject(expected))

  test.each([
    ['an unknown parameter', 'foo'],
    ['another case', 'Server_no_context_takeover'],
    ['the same twice', 'server_no_context_takeover; server_no_context_takeover'],
    ['the same twice with other values', 'client_max_window_bits; client_max_window_bits=10'],
    ['a flag with a value', 'server_no_context_takeover=1'],
    ['a flag with a value', 'client_no_context_takeover=true'],
    ['server_max_window_bits without a value', 'server_max_window_bits'],
    ['7 bits', 'server_max_window_bits=7'],
    ['16 bits', 'server_max_window_bits=16'],
    ['7 bits', 'client_max_window_bits=7'],
    ['16 bits', 'client_max_window_bits=16'],
    ['a leading zero', 'server_max_window_bits=08'],
    ['a leading zero', 'client_max_window_bits=012'],
    ['a plus sign', 'server_max_window_bits=+10'],
    ['a minus sign', 'client_max_window_bits=-10'],
    ['a fraction', 'server_max_window_bits=10.0'],
    ['hexadecimal', 'server_max_window_bits=0xa'],
    ['an exponent', 'client_max_window_bits=1e1'],
    ['no number', 'client_max_window_bits=a'],
  ])('%s is a fault: %s', (_what, text) => expect(parse(text)).toHaveProperty('fault'))

  test('what is encoded is parsed again as it was', () => {
    const bits = fc.option(fc.integer({ min: 8, max: 15 }), { nil: undefined })
    const parameters = fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: bits,
      clientMaxWindowBits: fc.oneof(bits, fc.constant(true as const)),
    })
    fc.assert(
      fc.property(parameters, (value) => {
        expect(parseDeflateParameters(encodeDeflateParameters(value))).toEqual(value)
      }),
    )
  })
})
