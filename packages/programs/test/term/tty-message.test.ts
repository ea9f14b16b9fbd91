import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { castEvent, castHead } from '../../src/term/cast-recorder.ts'
import { OneTimeTickets } from '../../src/term/one-time-tickets.ts'
import { decodeClientMessage, outputMessage, preferencesMessage, titleMessage } from '../../src/term/tty-message.ts'
import { urlArguments } from '../../src/term/url-arguments.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const hello = { authToken: '', size: undefined, isOurs: false, sessionKey: '', offset: undefined }

describe('what a client says', () => {
  test.each([
    ['0ls\r', { type: 'input', bytes: bytes('ls\r') }],
    ['0', { type: 'input', bytes: bytes('') }],
    ['1{"columns":120,"rows":40}', { type: 'resize', size: { columns: 120, rows: 40 } }],
    ['1{"columns":1e6,"rows":1e6}', { type: 'resize', size: { columns: 1000, rows: 500 } }],
    ['2', { type: 'pause' }],
    ['3', { type: 'resume' }],
    ['4', { type: 'take' }],
    ['{}', { type: 'hello', hello }],
    [
      '{"AuthToken":"abc","columns":80,"rows":24}',
      { type: 'hello', hello: { ...hello, authToken: 'abc', size: { columns: 80, rows: 24 } } },
    ],
    [
      '{"wigwag":1,"session":"key","offset":12}',
      { type: 'hello', hello: { ...hello, isOurs: true, sessionKey: 'key', offset: 12 } },
    ],
    ['{"AuthToken":5,"columns":"80","offset":-1,"session":null}', { type: 'hello', hello }],
  ])('%s', (said, meant) => expect(decodeClientMessage(bytes(said))).toEqual(meant))

  test.each([
    ['', undefined],
    ['1', undefined],
    ['1{}', undefined],
    ['1{"columns":0,"rows":5}', undefined],
    ['1{"columns":1.5,"rows":5}', undefined],
    ['1null', undefined],
    ['{', undefined],
    ['9', undefined],
    [`{"AuthToken":"${'x'.repeat(5000)}"}`, undefined],
  ])('%j says nothing', (said, meant) => expect(decodeClientMessage(bytes(said))).toBe(meant))

  test('whatever it is, it is read or passed over', () => {
    const first = fc.constantFrom(0x30, 0x31, 0x32, 0x33, 0x34, 0x7b, 0x5b)
    fc.assert(
      fc.property(first, fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (byte, rest) => {
        const message = decodeClientMessage(Buffer.concat([Uint8Array.of(byte), rest]))
        if (message?.type === 'input') expect(Buffer.from(rest).equals(message.bytes)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

test('what a server says', () => {
  const message = outputMessage(2)
  message.set(bytes('hi'), 1)
  expect(message).toEqual(Uint8Array.from(bytes('0hi')))
  expect(Buffer.from(titleMessage('sh (host)')).toString()).toBe('1sh (host)')
  expect(Buffer.from(preferencesMessage({ fontSize: 12 })).toString()).toBe('2{"fontSize":12}')
})

test('a ticket is good once, for half a minute, and the oldest make room', () => {
  const tickets = new OneTimeTickets()
  const ticket = tickets.issue('ann', 0)
  expect(ticket).toMatch(/^[\w-]{22}$/)
  expect(tickets.redeem(ticket, 29_999)).toBe('ann')
  expect(tickets.redeem(ticket, 29_999)).toBeUndefined()
  expect(tickets.redeem(tickets.issue('ann', 0), 30_000)).toBeUndefined()
  const first = tickets.issue('ann', 0)
  for (let i = 0; i < 1000; i++) tickets.issue('bob', 1)
  expect(tickets.redeem(first, 2)).toBeUndefined()
  expect(tickets.redeem('', 2)).toBeUndefined()
})

test('a recording is lines of JSON', () => {
  const head = castHead({ size: { columns: 80, rows: 24 }, command: 'sh', term: 'xterm', timestamp: 1 })
  expect(JSON.parse(head)).toMatchObject({ version: 2, width: 80, height: 24 })
  expect(castEvent(1.23456789, 'o', 'a"\n')).toBe('[1.234568,"o","a\\"\\n"]\n')
})

describe('arguments of a URL', () => {
  const of = (query: string): unknown => urlArguments(new URLSearchParams(query))
  test.each([
    ['', []],
    ['arg=a&arg=b%20c&other=d', ['a', 'b c']],
    ['arg=%00', undefined],
    [`arg=${'x'.repeat(5000)}`, undefined],
    ['arg=1&'.repeat(33), undefined],
  ])('%s', (query, args) => expect(of(query)).toEqual(args))
})
