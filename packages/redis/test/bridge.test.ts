import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesBridge } from '../src/bridge.ts'

/** `*` is any characters: slow, and plainly right. */
function matchesNaively(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] !== '*') return text[0] === pattern[0] && matchesNaively(pattern.slice(1), text.slice(1))
  for (let i = 0; i <= text.length; i++) if (matchesNaively(pattern.slice(1), text.slice(i))) return true
  return false
}

describe('the bridge', () => {
  test("'none' lets nothing through, 'all' everything, patterns what one of them matches", () => {
    expect(matchesBridge('none', 'foo')).toBe(false)
    expect(matchesBridge('all', 'foo')).toBe(true)
    expect(matchesBridge([], 'foo')).toBe(false)
    expect(matchesBridge(['bar', 'f*'], 'foo')).toBe(true)
    expect(matchesBridge(['bar', 'g*'], 'foo')).toBe(false)
  })

  test('a pattern matches what a plain reading of it matches', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((units) => units.join(''))
    const pattern = fc.array(fc.constantFrom('a', 'b', '.', '*'), { maxLength: 8 }).map((units) => units.join(''))
    fc.assert(
      fc.property(pattern, text, (each, name) => {
        expect(matchesBridge([each], name)).toBe(matchesNaively(each, name))
      }),
      { numRuns: 2000 },
    )
  })

  test('a pattern that makes others try again and again is done in linear time', () => {
    // Where it is not linear, this takes longer than any test may.
    expect(matchesBridge([`${'a*'.repeat(100_000)}b`], 'a'.repeat(200_000))).toBe(false)
  })
})
