import { queryObjects } from 'node:v8'
import { PreparedMessage } from '@wigwag/socket/core'
import { expect, test } from 'vitest'
import { CohortEncoding } from '../../../../src/core/extension/deflate/cohort-encoding.ts'
import { SharedText } from '../../../../src/core/extension/deflate/shared-text.ts'
import { Crowd } from '../../support/crowd.ts'

// In a process of its own: everything on the heap is looked at.
test('a connection that nobody sends to keeps its window and nothing else alive', () => {
  const counted = (): number[] => [SharedText, CohortEncoding].map((type) => queryObjects(type, { format: 'count' }))
  const news = (id: number): PreparedMessage =>
    new PreparedMessage(JSON.stringify({ type: 'updated', id, user: `amber.amber.amber${id}`.repeat(3) }))
  const crowd = new Crowd()
  const [idle, ...others] = [crowd.join(), crowd.join(), crowd.join()]
  for (let i = 0; i < 20; i++) crowd.fanOut(news(i), [idle, ...others])
  for (let i = 20; i < 220; i++) crowd.fanOut(news(i), others)
  // One text for the idle one, one for both others, and none of 220 messages.
  expect(counted()).toEqual([2, 0])
  expect([idle, ...others].map(({ connection }) => connection.phase)).toEqual(['open', 'open', 'open'])
})
