import { expect, test } from 'vitest'
import { resolveSlowConsumer, type SlowConsumerOptions } from '../../src/namespace/slow-consumer.ts'

test('a slow session is disconnected unless the namespace says otherwise', () => {
  expect(resolveSlowConsumer()).toEqual({ policy: 'disconnect' })
  expect(resolveSlowConsumer({ policy: 'drop-oldest' })).toEqual({ policy: 'drop-oldest' })
})

test.each([
  [{ policy: 'drop' }, /slowConsumer\.policy must be 'disconnect', .*; it is "drop"/],
  [{}, /slowConsumer\.policy/],
  [{ policy: 'conflate' }, /slowConsumer\.key must be a function/],
  [{ policy: 'conflate', key: 'symbol' }, /slowConsumer\.key must be a function/],
])('%j is refused with what is wrong', (options, message) => {
  const resolve = () => resolveSlowConsumer(options as unknown as SlowConsumerOptions)
  expect(resolve).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringMatching(message) }))
})
