import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePath } from '../src/exec/script-folder.ts'

test.each([
  ['/', ['']],
  ['/a/b', ['a', 'b']],
  ['/a%20b/%C3%A4', ['a b', 'ä']],
  ['/a//b', ['a', '', 'b']],
  ['/...', ['...']],
])('the names of %s', (path, names) => {
  expect(decodePath(path)).toEqual(names)
})

test.each([
  ['a'],
  [''],
  ['/..'],
  ['/a/./b'],
  ['/%2e%2E'],
  ['/a%2fb'],
  ['/a%5cb'],
  ['/a%00'],
  ['/%ff'],
  ['/%'],
  ['/%2'],
])('%s is no path of names', (path) => {
  expect(decodePath(path)).toBeUndefined()
})

test('whatever is asked for, no name means something to the file system', () => {
  const piece = fc.constantFrom('a', '/', '.', '..', '%2e', '%2f', '%5c', '\\', '%00', '%', '%25', 'ä', '%C3%A4', ' ')
  fc.assert(
    fc.property(fc.string({ unit: piece }), (path) => {
      for (const name of decodePath(`/${path}`) ?? []) {
        expect(name).not.toMatch(/[/\\\0]/)
        expect(['.', '..']).not.toContain(name)
      }
    }),
    { numRuns: 2000 },
  )
})
