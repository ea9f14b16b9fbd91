import { assertTags, MAX_TAGS, MAX_TAGS_BYTES } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, '']))

describe('tags', () => {
  test('are strings by their names, up to a count and bytes of UTF-8', () => {
    for (const tags of [{}, { a: '' }, { '': 'b' }, many(MAX_TAGS), { a: 'x'.repeat(MAX_TAGS_BYTES - 1) }]) {
      expect(() => assertTags(tags)).not.toThrow()
    }
  })

  test.each<[string, unknown]>([
    ['no object', null],
    ['no object', ['a']],
    ['no object', 'a'],
    ['"a" is none', { a: 1 }],
    ['"a" is none', { a: undefined }],
    [`at most ${MAX_TAGS} `, many(MAX_TAGS + 1)],
    [`at most ${MAX_TAGS_BYTES} bytes`, { a: 'x'.repeat(MAX_TAGS_BYTES) }],
    [`at most ${MAX_TAGS_BYTES} bytes`, { a: '€'.repeat(MAX_TAGS_BYTES / 3 + 1) }],
    [`at most ${MAX_TAGS_BYTES} bytes`, { ['x'.repeat(MAX_TAGS_BYTES)]: 'a' }],
  ])('%s: ERR_TAGS', (words, tags) => {
    const check = (): void => assertTags(tags as Record<string, string>)
    expect(check).toThrow(expect.objectContaining({ code: 'ERR_TAGS', message: expect.stringContaining(words) }))
  })

  test('are counted as the bytes that they take', () => {
    const tags = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 3000 }), {
      maxKeys: 4,
    })
    fc.assert(
      fc.property(tags, (each) => {
        const bytes = Object.entries(each).reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), 0)
        const check = (): void => assertTags(each)
        if (bytes <= MAX_TAGS_BYTES) expect(check).not.toThrow()
        else expect(check).toThrow()
      }),
    )
  })
})
