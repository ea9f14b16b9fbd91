import type { ClientInfo, Credentials } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeStoredCredentials, encodeStoredCredentials } from '../src/stored-credentials.ts'
import { decodeStoredInfo, encodeStoredInfo } from '../src/stored-info.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\n', '"\n"', '\ud800', '__proto__'))
const json = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<ClientInfo['conn_info'] & string>
const maybeJson = fc.option(json, { nil: undefined })

/** Without what is undefined, which JSON and a copy both leave out. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T
}

/** As it comes back from a Redis that holds UTF-8. */
const stored = (written: string): string => Buffer.from(written).toString()

describe('what Redis holds of a session', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(text, text, maybeJson, maybeJson, (client, user, conn_info, chan_info) => {
        const info = defined({ client, user, conn_info, chan_info }) as ClientInfo
        expect(decodeStoredInfo(client, stored(encodeStoredInfo(info)))).toEqual(JSON.parse(JSON.stringify(info)))
      }),
    )
  })

  test('begins with a line that differs from user to user', () => {
    fc.assert(
      fc.property(text, text, maybeJson, maybeJson, (one, other, conn_info, chan_info) => {
        const lineOf = (user: string): string | undefined =>
          stored(encodeStoredInfo(defined({ client: 'c', user, conn_info, chan_info }) as ClientInfo)).split('\n')[0]
        expect(lineOf(one) === lineOf(other)).toBe(one === other)
        expect(lineOf(one)).toBe(lineOf(one))
      }),
    )
  })

  test.each(['', 'x', '1', 'null', '{}', '"a"\n', '"a"\n1', '"a"\nnull', '"a"\n{', '["a"]'])(
    '%j is refused',
    (written) => {
      expect(() => decodeStoredInfo('c', written)).toThrow()
    },
  )
})

describe('what Redis holds of a ticket', () => {
  test('is read as it was written', () => {
    const credentials = fc.record(
      {
        user: text,
        info: json,
        expiresAt: fc.maxSafeInteger(),
        channels: fc.array(text),
        channelInfo: fc.array(fc.tuple(text, json)).map((pairs) => new Map(pairs)),
        data: json,
        meta: json,
      },
      { requiredKeys: ['user'] },
    )
    fc.assert(
      fc.property(credentials, (given) => {
        const { channelInfo, ...rest } = decodeStoredCredentials(
          stored(encodeStoredCredentials(given as unknown as Credentials)),
        )
        const { channelInfo: givenInfo, ...givenRest } = given
        expect(rest).toEqual(JSON.parse(JSON.stringify(givenRest)))
        expect(channelInfo && [...channelInfo]).toEqual(givenInfo && JSON.parse(JSON.stringify([...givenInfo])))
      }),
    )
  })

  test.each([
    '',
    'x',
    '1',
    'null',
    '{}',
    '{"user":1}',
    '["a"]',
    '{"user":"a","channelInfo":{}}',
    '{"user":"a","channelInfo":[1]}',
    '{"user":"a","channelInfo":[[1,2]]}',
    '{"user":"a","channelInfo":[["a"]]}',
  ])('%j is refused', (written) => {
    expect(() => decodeStoredCredentials(written)).toThrow()
  })
})
