import { expect, test } from 'vitest'
import { checkData } from '../../src/try/publish.ts'
import { describeRefusal } from '../../src/try/refusal.ts'

test('a refusal gives the words of the server', () => {
  expect(describeRefusal('The server did not publish it', 403, 'Not from this origin.\n')).toBe(
    'The server did not publish it (403): Not from this origin.',
  )
  expect(describeRefusal('The server did not publish it', 502, '')).toBe(
    'The server did not publish it with status 502 and said no more.',
  )
})

test('JSON is checked before it is sent; text is sent as it is', () => {
  expect(checkData('text', '{oops')).toBeUndefined()
  expect(checkData('json', ' {"a": [1, null]} ')).toBeUndefined()
  expect(checkData('json', '{oops')).toMatch(/not valid JSON, so nothing was sent/)
  expect(checkData('text', '')).toBe('Write a message first.')
  expect(checkData('json', '')).toBe('Write a message first.')
})
