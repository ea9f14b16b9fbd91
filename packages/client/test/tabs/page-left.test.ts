import { expect, onTestFinished, test, vi } from 'vitest'
import { createUserBench } from '../support/memory-bench.ts'

/** Makes this a page of no secure context, so that there is nobody to share with. Returns what tells it that it is left, or back. */
function becomePage(): (what: 'pagehide' | 'pageshow') => void {
  const page = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  onTestFinished(() => void vi.unstubAllGlobals())
  return (what) => void page.dispatchEvent(new Event(what))
}

test('a page that shares with nobody, is left and is shown again has one session, of whoever is there', async () => {
  const tell = becomePage()
  const { hub, clock, client: create } = createUserBench()
  let user = 'ann'
  const client = create({ share: true, getToken: () => user })
  expect(await client.rpc('whoAmI')).toBe('ann')
  tell('pagehide')
  expect(client.state).toMatchObject({ phase: 'connecting', reason: { name: 'lost' } })
  await clock.advance(0)
  expect(hub.sessions.stats).toMatchObject({ open: 0 })
  tell('pageshow')
  await clock.advance(2000)
  await client.ready()
  client.disconnect()
  user = 'bob'
  client.connect()
  expect(await client.rpc('whoAmI')).toBe('bob')
  expect(hub.sessions.stats).toMatchObject({ open: 1 })
})
