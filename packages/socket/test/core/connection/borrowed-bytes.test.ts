import { concatBytes, frameBytes, openConnection, TEST_MASK, textBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'

const KIB_16 = 16 * 1024

/** Lends what was received, and writes something else over it as soon as that is over, as the next read would. */
function lend({ connection }: ReturnType<typeof openConnection>, ...frames: Uint8Array[]): Uint8Array {
  const buffer = concatBytes(...frames).slice()
  connection.receiveBorrowed(buffer, buffer.length, 0)
  buffer.fill(0x7a)
  return buffer
}

const binary = (payload: Uint8Array | string, fin = true): Uint8Array =>
  frameBytes({ opcode: 2, fin, payload, mask: TEST_MASK })

/** Bytes that differ from their neighbours. */
const patterned = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff)

describe("bytesAs: 'owned'", () => {
  test('what a handler keeps stays as it is', () => {
    const server = openConnection('server')
    lend(server, binary('one'), binary('two'))
    expect(server.sink.messages).toEqual([textBytes('one'), textBytes('two')])
  })
})

describe("bytesAs: 'borrowed'", () => {
  test('bytes are right while they are told, lie where they came, and are overwritten afterwards', () => {
    const server = openConnection('server', { bytesAs: 'borrowed' })
    const seen: string[] = []
    server.sink.onEvent = (event) => {
      if (event.type === 'message') seen.push(Buffer.from(event.data as Uint8Array).toString())
    }
    const buffer = lend(server, binary('one'), binary('two'))
    expect(seen).toEqual(['one', 'two'])
    const [kept] = server.sink.messages as Uint8Array[]
    expect(kept?.buffer).toBe(buffer.buffer)
    expect(kept).toEqual(textBytes('zzz'))
  })

  test('text as bytes is borrowed, too; strings are nobody else’s', () => {
    const text = frameBytes({ opcode: 1, payload: 'text', mask: TEST_MASK })
    const bytes = openConnection('server', { bytesAs: 'borrowed', textAs: 'bytes' })
    lend(bytes, text)
    expect(bytes.sink.messages).toEqual([textBytes('zzzz')])
    const strings = openConnection('server', { bytesAs: 'borrowed' })
    lend(strings, text)
    expect(strings.sink.messages).toEqual(['text'])
  })

  test('what is put together from fragments, and what had to wait, is not lent', () => {
    const server = openConnection('server', { bytesAs: 'borrowed' })
    server.sink.onEvent = ({ type }) => {
      if (type === 'message') server.connection.pause()
    }
    lend(server, binary('in ', false), frameBytes({ opcode: 0, payload: 'parts', mask: TEST_MASK }), binary('waits'))
    server.connection.resume()
    expect(server.sink.messages).toEqual([textBytes('in parts'), textBytes('waits')])
  })

  test.each([0, 1, 125, 126, KIB_16 - 1, KIB_16, KIB_16 + 1, 40_000])(
    '%i bytes may be sent on: they are lent only if the writer copies as many',
    (size) => {
      const server = openConnection('server', { bytesAs: 'borrowed' })
      server.sink.onEvent = (event) => {
        if (event.type === 'message') server.connection.send(event.data)
      }
      const buffer = lend(server, binary(patterned(size)), binary(patterned(size)))
      for (const message of server.sink.messages as Uint8Array[]) {
        expect(message.buffer === buffer.buffer).toBe(size <= KIB_16)
      }
      const frames = server.sink.takeFrames()
      expect(frames.map(({ opcode }) => opcode)).toEqual([2, 2])
      for (const { payload } of frames) expect(Buffer.compare(payload, patterned(size))).toBe(0)
    },
  )
})
