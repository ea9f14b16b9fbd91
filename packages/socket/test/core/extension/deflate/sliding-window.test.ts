import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advanceWindow, EMPTY_WINDOW, slideWindow } from '../../../../src/core/extension/deflate/sliding-window.ts'

const messages = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 20 })

test('a window is the last bytes of all that was said, whether it is shared or moved in place', () => {
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 40 }), (list, size) => {
      let shared = EMPTY_WINDOW
      let own = EMPTY_WINDOW
      const said: number[] = []
      for (const message of list) {
        const before = shared
        const copy = before.slice()
        shared = slideWindow(shared, message, size)
        own = advanceWindow(own, message, size)
        said.push(...message)
        expect([...shared]).toEqual(said.slice(-size))
        expect([...own]).toEqual(said.slice(-size))
        expect(before, 'who shares it sees no change').toEqual(copy)
      }
    }),
  )
})

test('a full window moves without memory of its own; a smaller one never takes that of a message', () => {
  const message = Uint8Array.of(1, 2, 3, 4)
  const own = advanceWindow(EMPTY_WINDOW, message, 4)
  expect(own.buffer).not.toBe(message.buffer)
  expect(advanceWindow(own, message, 4)).toBe(own)
})
