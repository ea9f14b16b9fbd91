import { MemoryTicketStore } from '@wigwag/hub'
import { expect, test } from 'vitest'

const ada = { user: 'ada' }

test('what is kept is taken once, by one of those who ask at once', async () => {
  const store = new MemoryTicketStore(() => 0)
  await store.put('key', ada, 1000)
  expect(await Promise.all([store.take('key'), store.take('key'), store.take('other')])).toEqual([
    ada,
    undefined,
    undefined,
  ])
  expect(store.size).toBe(0)
})

test('it is gone when its time is up', async () => {
  let nowMs = 0
  const store = new MemoryTicketStore(() => nowMs)
  await store.put('one', ada, 1000)
  await store.put('two', ada, 1000)
  nowMs = 999
  expect(await store.take('one')).toEqual(ada)
  nowMs = 1000
  expect(await store.take('two')).toBeUndefined()
})

test('above the limit nothing more is kept, and nothing is thrown out; what has expired makes room', async () => {
  let nowMs = 0
  const store = new MemoryTicketStore(() => nowMs, 2)
  await store.put('one', ada, 1000)
  await store.put('two', ada, 1000)
  await expect(store.put('three', ada, 1000)).rejects.toMatchObject({ code: 'ERR_TICKET_LIMIT' })
  expect(await store.take('one')).toEqual(ada)
  await store.put('three', ada, 1000)
  nowMs = 1000
  await store.put('four', ada, 1000)
  expect(store.size).toBe(1)
  expect(() => new MemoryTicketStore(() => 0, 0)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
})
