import { expect, onTestFinished, test, vi } from 'vitest'
import { leaderWay } from '../../src/tabs/leader-way.ts'
import { deskOf, type HallMessage, hallOf, type LeaderMessage } from '../../src/tabs/leadership.ts'

const NAME = 'ws://hub.test/ nobody'

/** A page whose tab has its own lock, and never comes to lead. */
function becomeTab(): void {
  const request = (name: string, ...rest: unknown[]): Promise<unknown> =>
    name.startsWith('wigwag tab') ? Promise.resolve((rest.at(-1) as () => unknown)()) : new Promise(() => {})
  vi.stubGlobal('document', new EventTarget())
  vi.stubGlobal('navigator', { locks: { request } })
  onTestFinished(() => void vi.unstubAllGlobals())
}

test('a tab that two leaders answer, because one has slept and does not know yet, stays with neither', async () => {
  becomeTab()
  const hall = hallOf(NAME)
  const tab = new Promise<string>((resolve) => {
    hall.onmessage = ({ data }: MessageEvent<HallMessage>) => data.type === 'hello' && resolve(data.tab)
  })
  const told: string[] = []
  let done = (): void => {}
  const heard = new Promise<void>((resolve) => {
    done = resolve
  })
  const way = leaderWay(() => expect.unreachable(), { after: () => () => {}, createId: () => 'a', memory: undefined })
  const end = way?.(NAME, {
    ready: () => told.push('ready'),
    failed: () => told.push('failed'),
    receive: () => {
      told.push('received')
      done()
    },
    lost: ({ name }) => {
      told.push(name)
      done()
    },
  })
  const desk = deskOf(NAME, await tab)
  onTestFinished(() => {
    end?.close()
    hall.close()
    desk.close()
  })
  const answers: LeaderMessage[] = [
    { type: 'ready', leader: 'slept' },
    { type: 'ready', leader: 'leads' },
    { type: 'text', text: '{}' },
  ]
  for (const answer of answers) desk.postMessage(answer)
  await heard
  expect(told).toEqual(['ready', 'lost'])
})
