import { expect, test } from 'vitest'
import { reasonOfResponse } from '../../src/http/reason-of-response.ts'

test.each([
  ['7', 7000],
  ['0', undefined],
  ['', undefined],
  ['-1', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
])('Retry-After %o', async (after, delayMs) => {
  // Without a time that is one, waits grow: at once, and again at once, helps no server that is full.
  for (const status of [429, 503]) {
    const response = new Response('Full.', { status, headers: { 'retry-after': after } })
    expect((await reasonOfResponse(response, 'unreachable')).delayMs).toBe(delayMs)
  }
})
