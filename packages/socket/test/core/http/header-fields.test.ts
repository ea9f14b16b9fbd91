import { HeaderFields, isToken } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { trimWhitespace } from '../../../src/core/http/header-fields.ts'

describe('RFC 9110 §5 header fields', () => {
  test('§5.1 names are compared without case', () => {
    const headers = new HeaderFields(['Sec-WebSocket-Key', 'abc'])
    expect(headers.get('sec-websocket-KEY')).toBe('abc')
    expect(headers.all('SEC-WEBSOCKET-KEY')).toEqual(['abc'])
  })

  test('§5.3 several lines of one name make one list, and are kept apart as well', () => {
    const headers = new HeaderFields(['a', '1', 'A', '2', 'b', '3'])
    expect(headers.get('a')).toBe('1, 2')
    expect(headers.all('a')).toEqual(['1', '2'])
    expect([...headers]).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ])
  })

  test('what is not there is undefined, empty, and in no list', () => {
    const headers = new HeaderFields()
    expect([headers.get('a'), headers.all('a'), headers.list('a'), headers.lists('a', 'b')]).toEqual([
      undefined,
      [],
      [],
      false,
    ])
  })

  test('§5.6.1 lists: white space and empty members do not count', () => {
    const headers = new HeaderFields(['connection', ' keep-alive ,,\tUpgrade,', 'connection', ',', 'connection', 'x'])
    expect(headers.list('connection')).toEqual(['keep-alive', 'Upgrade', 'x'])
    expect(headers.lists('connection', 'upgrade')).toBe(true)
    expect(headers.lists('connection', 'up')).toBe(false)
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a name like any other', (name) => {
    expect(new HeaderFields().get(name)).toBeUndefined()
    expect(new HeaderFields([name, 'value']).get(name)).toBe('value')
  })

  test('a name without a value at the end of the raw list is left out', () => {
    expect([...new HeaderFields(['a', '1', 'b'])]).toEqual([['a', '1']])
  })
})

test('§5.6.2 tokens', () => {
  for (const token of ['a', 'chat.v1', "!#$%&'*+-.^_`|~", '0']) expect(isToken(token), token).toBe(true)
  for (const other of ['', ' ', 'a b', 'a,b', 'a;', '"a"', 'a/b', 'a:b', 'é', 'a\n', '\0', '(a)', '{a}']) {
    expect(isToken(other), JSON.stringify(other)).toBe(false)
  }
})

test('§5.6.3 optional white space is spaces and tabs, and nothing else', () => {
  expect(trimWhitespace(' \t a b \t ')).toBe('a b')
  expect(trimWhitespace('\u00a0a\u00a0')).toBe('\u00a0a\u00a0')
  expect(trimWhitespace(' \t ')).toBe('')
})
