import type { PublicationData } from '@wigwag/hub'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGapEvent, encodeLiveEvent, sseCodec } from '../../src/node/sse-codec.ts'
import { EventStreamReader, type StreamEvent } from '../support/event-stream.ts'

const position = { epoch: 'e', offset: 7 }

function read(text: string): EventStreamReader {
  const reader = new EventStreamReader()
  reader.push(text)
  return reader
}

function eventOf(data: PublicationData): StreamEvent | undefined {
  return read(sseCodec.encode({ channel: 'a', data, time: 5, position }).toString()).events[0]
}

describe('a publication as a server-sent event (HTML §9.2)', () => {
  test('has its position as the id and its data as the data', () => {
    expect(eventOf('hello')).toEqual({ type: 'message', data: 'hello', id: 'e:7' })
  })

  test('an empty string is an event all the same', () => {
    expect(eventOf('')).toEqual({ type: 'message', data: '', id: 'e:7' })
  })

  test('text that looks like fields of the format stays text', () => {
    for (const text of ['event: gap', 'id: x:1', ': comment', ' leading space', '\n', '\n\n', 'a\n\nb\n'])
      expect(eventOf(text)?.data).toBe(text)
  })

  test('every end of line arrives as LF', () => {
    expect(eventOf('a\r\nb\rc\nd')?.data).toBe('a\nb\nc\nd')
  })

  test('any text arrives, but for its ends of line, and never makes a second event or another id', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\r', '\n', 'data', 'id', 'ž', '🐎', '\0') }),
        (text) => {
          const { events } = read(sseCodec.encode({ channel: 'a', data: text, time: 5, position }).toString())
          expect(events).toEqual([{ type: 'message', data: text.replace(/\r\n|\r/g, '\n'), id: 'e:7' }])
        },
      ),
    )
  })

  test('JSON is its text, and bytes are an event named bytes, in base64', () => {
    expect(eventOf({ a: [1] })?.data).toBe('{"a":[1]}')
    expect(eventOf(null)?.data).toBe('null')
    expect(eventOf(Uint8Array.of(0, 255))).toEqual({ type: 'bytes', data: 'AP8=', id: 'e:7' })
  })

  test('without history it has no id', () => {
    const text = sseCodec.encode({ channel: 'a', data: 'x', time: 5, position: undefined }).toString()
    expect(text).toBe('data: x\n\n')
  })
})

test('a gap is an event named gap that keeps the last id, so that what comes next decides where to resume', () => {
  const reader = read(encodeGapEvent({ reason: 'history-expired', after: { epoch: 'e', offset: 1 }, position }))
  expect(reader.events[0]?.type).toBe('gap')
  expect(JSON.parse(reader.events[0]?.data ?? '')).toEqual({ reason: 'history-expired', after: 'e:1', position: 'e:7' })
  expect(reader.lastEventId).toBe('')
})

test('the end of recovery is an event of its own, whose id says where to resume before anything came', () => {
  const reader = read(encodeLiveEvent(position, 2))
  expect(reader.events).toEqual([{ type: 'live', data: '{"position":"e:7","recovered":2}', id: 'e:7' }])
  expect(reader.comments).toEqual(['live, 2 recovered'])
  expect(read(encodeLiveEvent(undefined, 0)).events).toEqual([{ type: 'live', data: '{"recovered":0}', id: '' }])
})

describe('the type tag of a publication', () => {
  const typed = (type: string, data: PublicationData = 'x'): StreamEvent[] =>
    read(sseCodec.encode({ channel: 'a', data, time: 5, position, tags: { type, other: 'y' } }).toString()).events

  test('is the name of the event', () => {
    for (const type of ['shipped', 'order.shipped', 'Řeka', 'a: b', ' spaced'])
      expect(typed(type)).toEqual([{ type, data: 'x', id: 'e:7' }])
  })

  test('is none where it would be taken for what the stream says itself, or for what a browser dispatches', () => {
    for (const type of ['gap', 'live', 'failure', 'bytes', 'error', 'open', 'message', ''])
      expect(typed(type)).toEqual([{ type: 'message', data: 'x', id: 'e:7' }])
  })

  test('does not change what bytes are', () => {
    expect(typed('shipped', Uint8Array.of(0, 255))).toEqual([{ type: 'bytes', data: 'AP8=', id: 'e:7' }])
  })

  test('whatever it is, it is one event with that id and that data', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\r', '\n', 'data: ', 'id: ', '\0', '\u2028', 'ž', '🐎') }),
        (type) => {
          const [event, ...others] = typed(type)
          expect(others).toEqual([])
          expect(event).toMatchObject({ data: 'x', id: 'e:7' })
          expect([type, 'message']).toContain(event?.type)
        },
      ),
    )
  })
})
