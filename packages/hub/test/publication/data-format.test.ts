import { decodeBody, encodePlain } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { decodeUtf8 } from '../../src/node/request-body.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (body: Uint8Array, contentType?: string): unknown => decodeBody(body, contentType, decodeUtf8)

describe('decodeBody reads a body as its media type says', () => {
  test.each([undefined, 'text/plain', 'TEXT/PLAIN; charset=utf-8', 'text/html', 'application/x-www-form-urlencoded'])(
    '%s is a string',
    (type) => {
      expect(decode(utf8('{"ž":1}'), type)).toBe('{"ž":1}')
      expect(decode(utf8(''), type)).toBe('')
    },
  )

  test.each(['application/json', 'Application/JSON; charset=utf-8', 'application/ld+json'])(
    '%s is a JSON value',
    (type) => {
      expect(decode(utf8('{"ž":[1,null]}'), type)).toEqual({ ž: [1, null] })
      for (const value of [null, false, 0, '', 'text']) expect(decode(utf8(JSON.stringify(value)), type)).toBe(value)
    },
  )

  test.each(['application/octet-stream', 'image/png', 'application/x-ndjson'])('%s is bytes', (type) => {
    expect(decode(Uint8Array.of(0, 255), type)).toEqual(Uint8Array.of(0, 255))
  })

  test('text that is no UTF-8 is ERR_PUBLICATION_DATA, with the type that bytes have', () => {
    expect(() => decode(Uint8Array.of(0xff), 'text/plain')).toThrow(
      expect.objectContaining({
        code: 'ERR_PUBLICATION_DATA',
        message: expect.stringContaining('application/octet-stream'),
      }),
    )
  })

  test.each(['', '{', "{'a':1}", 'hello'])('JSON that is none, %j, is ERR_PUBLICATION_DATA', (body) => {
    expect(() => decode(utf8(body), 'application/json')).toThrow(
      expect.objectContaining({ code: 'ERR_PUBLICATION_DATA', message: expect.stringContaining('text/plain') }),
    )
  })

  test('a byte order mark is part of the text', () => {
    expect(decode(utf8('\ufeffx'))).toBe('\ufeffx')
  })
})

describe('encodePlain', () => {
  test('leaves strings and bytes as they are, and writes JSON', () => {
    const bytes = Uint8Array.of(1)
    expect(encodePlain('x')).toBe('x')
    expect(encodePlain(bytes)).toBe(bytes)
    expect([null, false, 0, [1], { a: 1 }].map((data) => encodePlain(data))).toEqual([
      'null',
      'false',
      '0',
      '[1]',
      '{"a":1}',
    ])
  })
})
