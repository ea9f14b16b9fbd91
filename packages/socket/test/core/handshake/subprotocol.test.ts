import { HeaderFields, parseSubprotocols, selectSubprotocol } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const parse = (...lines: string[]): unknown =>
  parseSubprotocols(new HeaderFields(lines.flatMap((line) => ['Sec-WebSocket-Protocol', line])))

describe('§4.1 item 10: offered subprotocols', () => {
  test.each([
    ['none', [], []],
    ['one', ['chat'], ['chat']],
    ['several, most wanted first', ['b, a ,c'], ['b', 'a', 'c']],
    ['over several lines', ['b', 'a,c'], ['b', 'a', 'c']],
    ['empty members do not count', [',a,,b,'], ['a', 'b']],
    ['names of object properties', ['__proto__, constructor'], ['__proto__', 'constructor']],
    ['case matters', ['Chat, chat'], ['Chat', 'chat']],
  ])('%s', (_name, lines, offered) => expect(parse(...lines)).toEqual({ offered }))

  test.each([
    ['an empty header', [''], 'is empty'],
    ['only commas', [', ,'], 'is empty'],
    ['a name that is no token', ['a, b c'], '"b c", which is no token'],
    ['a name in quotes', ['"a"'], 'which is no token'],
    ['a name twice', ['a, b, a'], 'twice'],
    ['a name twice, over lines', ['a', 'a'], 'twice'],
  ])('%s is a fault', (_name, lines, fault) =>
    expect(parse(...lines)).toEqual({ fault: expect.stringContaining(fault) }),
  )

  test.each([
    ['white space', `a${' '.repeat(1_000_000)}b`],
    ['white space at the end of a member', `a${' '.repeat(500_000)},${' '.repeat(500_000)}(`],
    ['commas', ','.repeat(1_000_000)],
  ])('a million characters of %s are read in one pass', (_name, line) => {
    expect(parse(line)).toHaveProperty('fault')
  })
})

test("§4.2.2 the server chooses by the client's order of preference", () => {
  expect(selectSubprotocol(['b', 'a'], ['a', 'b'])).toBe('b')
  expect(selectSubprotocol(['x', 'a'], ['a'])).toBe('a')
  expect(selectSubprotocol(['x'], ['a'])).toBeUndefined()
  expect(selectSubprotocol([], ['a'])).toBeUndefined()
})
