import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineSplitter } from '../../src/http/line-splitter.ts'

test('lines come whole and in order, however the text was cut', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '{', ' ', '\r'), maxLength: 12 })
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(60)), (lines, cuts) => {
      const text = lines.map((each) => `${each}\n`).join('')
      const ends = [...new Set([...cuts, text.length])].filter((end) => end <= text.length).sort((a, b) => a - b)
      const splitter = lineSplitter(100)
      const taken: string[] = []
      let start = 0
      for (const end of ends) {
        const piece = text.slice(start, end)
        const got = splitter(piece)
        if (piece.includes('\n')) taken.push(got as string)
        else expect(got).toBe('')
        start = end
      }
      expect(taken.length === 0 ? [] : taken.join('\n').split('\n')).toEqual(lines)
    }),
  )
})

test('a line that does not end is given up once it is too long, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 })), (sizes) => {
      const splitter = lineSplitter(10)
      expect(splitter('x\n')).toBe('x')
      let total = 0
      for (const size of sizes) {
        const got = splitter('y'.repeat(size))
        total += size
        expect(got).toBe(total > 10 ? undefined : '')
        if (got === undefined) return
      }
    }),
  )
})
