import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallLane } from '../../src/node/http-hooks/call-lane.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('so many run, the others begin in their order, and who has given up is passed over', async () => {
  const steps = fc.array(fc.oneof(fc.constant('enter' as const), fc.constant('leave' as const), fc.nat(9)), {
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (width, taken) => {
      const lane = new CallLane(width)
      const running: number[] = []
      const waiting: { id: number; abort: AbortController }[] = []
      const begun: number[] = []
      const gone: number[] = []
      let id = 0
      for (const step of taken) {
        if (step === 'enter') {
          const abort = new AbortController()
          const own = id++
          lane.enter(abort.signal).then(
            () => begun.push(own),
            () => gone.push(own),
          )
          if (running.length < width) running.push(own)
          else waiting.push({ id: own, abort })
        } else if (step === 'leave') {
          if (running.length === 0) continue
          lane.leave()
          running.shift()
          const next = waiting.shift()
          if (next !== undefined) running.push(next.id)
        } else {
          const [given] = waiting.splice(step, 1)
          given?.abort.abort(new Error('too late'))
        }
        await settled()
        expect(lane.running).toBe(running.length)
        expect(running.every((each) => begun.includes(each))).toBe(true)
        expect(waiting.some((each) => begun.includes(each.id))).toBe(false)
        expect(begun).toEqual([...begun].sort((a, b) => a - b))
      }
      expect(begun.length + gone.length + waiting.length).toBe(id)
    }),
  )
})

test('nobody enters who has given up before', async () => {
  const lane = new CallLane(1)
  const why = new Error('too late')
  await expect(lane.enter(AbortSignal.abort(why))).rejects.toBe(why)
  expect(lane.running).toBe(0)
})
