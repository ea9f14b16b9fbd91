import { Client } from '@wigwag/client'
import { expect, test } from 'vitest'
import { resolveOptions } from '../src/resolve-options.ts'

test.each([0, -1, 0.5, Number.NaN, '5000', '', true, null, undefined, [5000], {}])(
  '%o is no number of at least 1',
  (value) => {
    const error = expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('timeoutMs') })
    // What arithmetic would take for text, as `now + '5000'`, is refused where it is given.
    expect(() => resolveOptions({ timeoutMs: 1 }, { timeoutMs: value })).toThrow(error)
    expect(() => new Client('ws://hub.test/', { timeoutMs: value as never })).toThrow(error)
  },
)

test.each([1, 1.5, 5000, Number.POSITIVE_INFINITY])('%o is one', (timeoutMs) => {
  expect(resolveOptions({ timeoutMs: 1, others: 2 }, { timeoutMs })).toEqual({ timeoutMs, others: 2 })
})
