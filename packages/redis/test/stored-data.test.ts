import type { PublicationData, PublicationDetails } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLiveMessage } from '../src/live-message.ts'
import { decodeStoredData, encodeStoredData } from '../src/stored-data.ts'

/** As the driver writes it. */
function bytesOf(stored: string | Buffer): Buffer {
  return typeof stored === 'string' ? Buffer.from(stored, 'utf8') : stored
}

const data: fc.Arbitrary<PublicationData> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.parse(JSON.stringify(value)) as PublicationData),
)

const info = fc.record(
  { client: fc.string(), user: fc.string({ unit: 'binary' }), conn_info: fc.jsonValue(), chan_info: fc.jsonValue() },
  { requiredKeys: ['client', 'user'], noNullPrototype: true },
)
const tags = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { noNullPrototype: true })
const details = fc
  .record({ info, tags }, { requiredKeys: [], noNullPrototype: true })
  .map((each) => JSON.parse(JSON.stringify(each)) as PublicationDetails)

describe('stored data', () => {
  test('is read with what goes along with it', () => {
    fc.assert(
      fc.property(data, details, (each, along) => {
        expect(decodeStoredData(bytesOf(encodeStoredData(each, along)))).toStrictEqual({ data: each, ...along })
      }),
    )
  })

  test('as it was stored before there were tags is read', () => {
    expect(decodeStoredData(Buffer.from('sm4:text'))).toStrictEqual({ data: 'm4:text' })
    expect(decodeStoredData(Buffer.from('j{"m":1}'))).toStrictEqual({ data: { m: 1 } })
  })

  test('is read as it was written, with its kind', () => {
    fc.assert(
      fc.property(data, (each) => {
        expect(decodeStoredData(bytesOf(encodeStoredData(each)))).toStrictEqual({ data: each })
      }),
    )
  })

  test('text that begins with a byte order mark keeps it', () => {
    expect(decodeStoredData(bytesOf(encodeStoredData('\ufeffa'))).data).toBe('\ufeffa')
  })

  test('bytes that were read are a copy: what came with them is not kept, nor seen', () => {
    const stored = bytesOf(encodeStoredData(new Uint8Array([1, 2, 3])))
    const read = decodeStoredData(stored).data as Uint8Array
    stored.fill(0xff)
    expect([...read]).toEqual([1, 2, 3])
    expect(read.buffer.byteLength).toBe(3)
  })

  test.each([
    ...['', 'x', 'xabc', 'j', 'j{', 'jundefined', 'm', 'm:', 'm2', 'm2:{}', 'm2:{}x', 'm3:{}s', 'm-2:{}s', 'm0:s'],
    ...['m4:nulls', 'm2:[s', 'm1e1:{"tags":{}}s', 'm9999999999:{}s', 'm11:{"tags":[]}s', 'm17:{"tags":{"a":1}}s'],
    ...['m9:{"tags":"s', 'm11:{"info":{}}s', 'm23:{"info":{"client":"c"}}s', 'm13:{"info":null}s'],
  ])('%j was not stored by Wigwag', (stored) => {
    expect(() => decodeStoredData(Buffer.from(stored))).toThrow()
  })
})

describe('a live message', () => {
  const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)

  test('is read as the publishing script wrote it', () => {
    const offset = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
    const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(
        fc.option(fc.record({ epoch, offset }, { noNullPrototype: true }), { nil: undefined }),
        time,
        data,
        details,
        (position, at, each, along) => {
          const head = position === undefined ? '::' : `${position.epoch}:${position.offset}:`
          const message = Buffer.concat([Buffer.from(`${head}${at}:`), bytesOf(encodeStoredData(each, along))])
          expect(decodeLiveMessage('a', message)).toStrictEqual({
            channel: 'a',
            position,
            time: at,
            data: each,
            ...along,
          })
        },
      ),
    )
  })

  test.each([
    '',
    'hello',
    'a:b',
    '1:2:3',
    'e:1:2:',
    'e:1:2:xdata',
    'e:1:2:j{',
    'e:one:2:sdata',
    'e::2:sdata',
    'e:0:2:sdata',
    'e:-1:2:sdata',
    'e:1.5:2:sdata',
    'e:1e3:2:sdata',
    'e: 1:2:sdata',
    'e:9007199254740993:2:sdata',
    'e:1:now:sdata',
    'e:1::sdata',
    ':1:2:sdata',
    'e f:1:2:sdata',
    'é:1:2:sdata',
    `${'e'.repeat(65)}:1:2:sdata`,
  ])('%j was not published by Wigwag', (message) => {
    expect(() => decodeLiveMessage('a', Buffer.from(message))).toThrow()
  })
})
