import { encodeGapLine, encodeLiveLine, encodePublicationLine, type JsonValue, type PublicationData } from '@wigwag/hub'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const position = { epoch: 'e', offset: 7 }
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function lineOf(data: PublicationData): string {
  return encodePublicationLine({ channel: 'a', data, time: 5, position }, toBase64)
}

test('a publication is {offset, epoch, time, data}', () => {
  expect(lineOf({ a: 1 })).toBe('{"offset":7,"epoch":"e","time":5,"data":{"a":1}}')
})

test('text is a JSON string, so that text and JSON stay apart', () => {
  expect(lineOf('1')).toBe('{"offset":7,"epoch":"e","time":5,"data":"1"}')
  expect(lineOf(1)).toBe('{"offset":7,"epoch":"e","time":5,"data":1}')
  expect(lineOf(null)).toBe('{"offset":7,"epoch":"e","time":5,"data":null}')
})

test('bytes are b64data in base64', () => {
  expect(lineOf(Uint8Array.of(0, 255))).toBe('{"offset":7,"epoch":"e","time":5,"b64data":"AP8="}')
  expect(lineOf(new Uint8Array())).toBe('{"offset":7,"epoch":"e","time":5,"b64data":""}')
})

test('tags come along where there are any; who published does not', () => {
  const publication = { channel: 'a', data: 1, time: 5, position, tags: { trace: 'x' } }
  const line = '{"offset":7,"epoch":"e","time":5,"tags":{"trace":"x"},"data":1}'
  expect(encodePublicationLine(publication, toBase64)).toBe(line)
  expect(encodePublicationLine({ ...publication, info: { client: 'c', user: 'u' } }, toBase64)).toBe(line)
})

test('without history there is neither offset nor epoch', () => {
  const line = encodePublicationLine({ channel: 'a', data: 'x', time: 5, position: undefined }, toBase64)
  expect(line).toBe('{"time":5,"data":"x"}')
})

test('whatever is published is one line, and is read back from it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      const line = lineOf(data as JsonValue)
      expect(line).not.toMatch(/[\r\n]/)
      expect(JSON.parse(line).data).toEqual(JSON.parse(JSON.stringify(data)))
    }),
  )
})

test('a gap says why, from where, and where the stream stands', () => {
  const after = { epoch: 'd', offset: 1 }
  expect(encodeGapLine({ reason: 'epoch-changed', after, position })).toBe(
    '{"gap":{"reason":"epoch-changed","after":"d:1","position":"e:7"}}',
  )
})

test('the end of recovery says where the stream stands and how many were recovered', () => {
  expect(encodeLiveLine(position, 3)).toBe('{"live":{"position":"e:7","recovered":3}}')
  expect(encodeLiveLine(undefined, 0)).toBe('{"live":{"recovered":0}}')
})
