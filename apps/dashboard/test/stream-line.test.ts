import { expect, test } from 'vitest'
import { encodePosition, parsePosition, parseStreamLine } from '../src/stream-line.ts'

const parseData = (fields: object) => {
  const parsed = parseStreamLine(JSON.stringify({ offset: 1, epoch: 'a', time: 5, ...fields }))
  return parsed.ok && parsed.line.type === 'publication' ? parsed.line.publication.data : parsed
}

test('data is text, JSON or bytes', () => {
  expect(parseData({ data: 'hi' })).toEqual({ type: 'text', text: 'hi' })
  expect(parseData({ data: '' })).toEqual({ type: 'text', text: '' })
  expect(parseData({ data: null })).toEqual({ type: 'json', text: 'null' })
  expect(parseData({ data: { a: [1] } })).toEqual({ type: 'json', text: '{\n  "a": [\n    1\n  ]\n}' })
  expect(parseData({ b64data: '3q2+7w==' })).toEqual({ type: 'binary', base64: '3q2+7w==', sizeBytes: 4 })
})

test('a publication of a channel without history has no position', () => {
  expect(parseStreamLine('{"time":5,"data":1}')).toMatchObject({
    ok: true,
    line: { type: 'publication', publication: { position: undefined, timeMs: 5 } },
  })
})

test('a position is split at its last colon', () => {
  expect(parsePosition('a:b:12')).toEqual({ epoch: 'a:b', offset: 12 })
  expect(encodePosition({ epoch: 'a:b', offset: 12 })).toBe('a:b:12')
  for (const text of ['', 'a', 'a:', 'a:x', 'a:-1', 5, undefined]) expect(parsePosition(text)).toBeUndefined()
})

test('what a newer server may say is no error', () => {
  expect(parseStreamLine('{"presence":{}}')).toEqual({ ok: true, line: { type: 'unknown' } })
})

test.each([
  '',
  'no',
  '[]',
  'null',
  '{"gap":{}}',
  '{"live":{"position":"x"}}',
  '{"live":1}',
  '{"data":1}',
  '{"time":5,"b64data":[]}',
])('%s is not understood', (text) => {
  expect(parseStreamLine(text)).toMatchObject({ ok: false })
})
