import { nodeDeflate, type PerMessageDeflateOptions } from '@wigwag/socket'
import {
  answerExtensions,
  confirmExtensions,
  encodeExtensions,
  offerExtensions,
  PerMessageDeflate,
  parseExtensions,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const spoken = (options: PerMessageDeflateOptions = {}): PerMessageDeflate =>
  new PerMessageDeflate(options, nodeDeflate)

function offersOf(header: string) {
  const parsed = parseExtensions(header)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed.offers
}

/** The header with which a server answers `offer`; empty when it declines. */
const answer = (offer: string, options: PerMessageDeflateOptions = {}): string =>
  encodeExtensions(answerExtensions(offersOf(offer), [spoken(options)]).answer)

describe('RFC 7692 §7.1 what a server answers', () => {
  const all = { serverMaxWindowBits: 15, clientMaxWindowBits: 15 }
  test.each<[string, PerMessageDeflateOptions, string]>([
    // With the defaults: windows of 4 KiB.
    [
      'permessage-deflate; client_max_window_bits',
      {},
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'permessage-deflate; client_max_window_bits=9',
      {},
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=9',
    ],
    [
      'permessage-deflate; client_max_window_bits=15',
      {},
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
    ],
    [
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
      {},
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
    ],
    // §7.1.2.2: a client that cannot be limited must not keep a context.
    ['permessage-deflate', {}, 'permessage-deflate; client_no_context_takeover; server_max_window_bits=12'],
    [
      'permessage-deflate; server_no_context_takeover; client_max_window_bits',
      {},
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
    ],
    // Without limits of our own.
    ['permessage-deflate', all, 'permessage-deflate'],
    ['permessage-deflate; server_max_window_bits="10"', all, 'permessage-deflate; server_max_window_bits=10'],
    ['permessage-deflate; server_max_window_bits=15', all, 'permessage-deflate; server_max_window_bits=15'],
    ['permessage-deflate; client_no_context_takeover', all, 'permessage-deflate; client_no_context_takeover'],
    // Limits of our own.
    ['permessage-deflate', { ...all, serverNoContextTakeover: true }, 'permessage-deflate; server_no_context_takeover'],
    ['permessage-deflate', { ...all, clientNoContextTakeover: true }, 'permessage-deflate; client_no_context_takeover'],
    [
      'permessage-deflate; server_max_window_bits=14',
      { ...all, serverMaxWindowBits: 10 },
      'permessage-deflate; server_max_window_bits=10',
    ],
    // The client's order of preference.
    [
      'permessage-deflate; foo, permessage-deflate; server_max_window_bits=9',
      all,
      'permessage-deflate; server_max_window_bits=9',
    ],
    [
      'permessage-deflate; server_max_window_bits=9, permessage-deflate',
      all,
      'permessage-deflate; server_max_window_bits=9',
    ],
    ['x-other, permessage-deflate', all, 'permessage-deflate'],
  ])('%s, %o: %s', (offer, options, expected) => expect(answer(offer, options)).toBe(expected))

  test.each([
    'permessage-deflate; foo',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=08',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; client_no_context_takeover=0',
    'x-webkit-deflate-frame',
    'Permessage-Deflate',
    '',
  ])('nothing to %j', (offer) => expect(answer(offer)).toBe(''))
})

describe('RFC 7692 §7.1 what a client offers', () => {
  test.each<[PerMessageDeflateOptions, string]>([
    // Some servers cannot limit what they send; with the default, we take that, too.
    [
      {},
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12, permessage-deflate; client_max_window_bits=12',
    ],
    [{ serverMaxWindowBits: 10 }, 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=12'],
    [{ serverMaxWindowBits: 15, clientMaxWindowBits: 15 }, 'permessage-deflate; client_max_window_bits'],
    [
      { serverMaxWindowBits: 15, clientNoContextTakeover: true, serverNoContextTakeover: true },
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12',
    ],
  ])('%o: %s', (options, expected) => expect(encodeExtensions(offerExtensions([spoken(options)]))).toBe(expected))
})

describe('RFC 7692 §7.1 what a client takes for an answer', () => {
  const judge = (header: string, options: PerMessageDeflateOptions = {}) =>
    confirmExtensions(offersOf(header), [spoken(options)])

  test.each<[string, PerMessageDeflateOptions]>([
    ['', {}],
    ['permessage-deflate', {}],
    ['permessage-deflate; server_max_window_bits=15', {}],
    ['permessage-deflate; server_max_window_bits=8; client_max_window_bits=8', {}],
    ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', {}],
    ['permessage-deflate; server_max_window_bits="9"', { serverMaxWindowBits: 10 }],
    ['permessage-deflate; client_max_window_bits=15', { clientMaxWindowBits: 15 }],
  ])('%j to the offer of %o is taken', (header, options) => expect(judge(header, options)).not.toHaveProperty('fault'))

  test.each<[string, PerMessageDeflateOptions]>([
    ['permessage-deflate; foo', {}],
    ['permessage-deflate; client_max_window_bits', {}],
    ['permessage-deflate; server_max_window_bits', {}],
    ['permessage-deflate; server_max_window_bits=16', {}],
    ['permessage-deflate; server_max_window_bits=012', {}],
    ['permessage-deflate; client_max_window_bits=13', {}],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', {}],
    ['permessage-deflate; server_no_context_takeover=1', {}],
    // What we asked for must be answered.
    ['permessage-deflate', { serverMaxWindowBits: 10 }],
    ['permessage-deflate; server_max_window_bits=11', { serverMaxWindowBits: 10 }],
    ['permessage-deflate', { serverNoContextTakeover: true }],
    ['permessage-deflate, permessage-deflate', {}],
    ['x-other', {}],
  ])('%j to the offer of %o fails the handshake', (header, options) =>
    expect(judge(header, options)).toHaveProperty('fault'),
  )
})

describe('options', () => {
  test.each<[string, object]>([
    ['serverMaxWindowBits', { serverMaxWindowBits: 7 }],
    ['clientMaxWindowBits', { clientMaxWindowBits: 16 }],
    ['clientMaxWindowBits', { clientMaxWindowBits: 9.5 }],
    ['thresholdBytes', { thresholdBytes: -1 }],
    ['level', { level: 0 }],
    ['memLevel', { memLevel: 10 }],
    ['maxFinalBlocks', { maxFinalBlocks: 0 }],
    ['serverNoContextTakeover', { serverNoContextTakeover: 'yes' }],
    ['threshold', { threshold: 5 }],
  ])('%s out of range is named: %o', (name, options) => {
    expect(() => spoken(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }),
    )
  })
})

describe('RFC 7692 §7.1.2 a sender may use less of its window than was agreed', () => {
  test('with outboundWindowBits, which nobody is told of', () => {
    const far = new Uint8Array(9000).map((_, index) => (index * 7919) >> 5)
    const sizes = [15, 9].map((outboundWindowBits) => {
      const [offer] = offersOf('permessage-deflate')
      const agreed = spoken({ serverMaxWindowBits: 15, clientMaxWindowBits: 15, outboundWindowBits }).accept(
        offer?.parameters ?? [],
      )
      expect(agreed?.parameters).toEqual([])
      agreed?.codec.encode(far, true)
      return agreed?.codec.encode(far, true)?.length ?? Infinity
    })
    expect(sizes[0]).toBeLessThan(sizes[1] as number)
  })
})
