import type { ServerResponse } from 'node:http'
import { ApplicationRefusal, AuthenticationRefusal, type PermissionQuestion } from '@wigwag/hub'
import { createHub, HookError, httpHooks } from '@wigwag/hub/node'
import { watchFailures } from '@wigwag/testkit'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { BackEnd } from '../support/back-end.ts'

/** An answer of a back end that may be mad: what it says, and how. */
interface MadAnswer {
  readonly status: number
  readonly encoding: string | undefined
  readonly body: string
}

const value = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, 1, -1, '', 'ada', [], {}, 1e300, 4_000_000_000),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
)
const FIELDS = [
  'user',
  'info',
  'data',
  'meta',
  'channels',
  'subs',
  'expire_at',
  'expired',
  'tags',
  'idempotency_key',
  'b64data',
  'skip_history',
  'override',
  '__proto__',
  'constructor',
]
const fields = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 4 }) },
  { weight: 2, arbitrary: fc.record({ user: fc.constant('ada') }) },
  { weight: 1, arbitrary: value },
)
const refusal = fc.oneof(
  fc.record({ code: fc.integer({ min: -1, max: 5000 }), message: value, reason: value, temporary: value }),
  value,
)
const envelope = fc.oneof(
  { weight: 8, arbitrary: fc.record({ result: fields }) },
  { weight: 4, arbitrary: fc.record({ result: fields, error: refusal, disconnect: refusal }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: value },
)
const madAnswer: fc.Arbitrary<MadAnswer> = fc.record({
  status: fc.oneof(
    { weight: 6, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
  ),
  encoding: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constant('gzip') }),
  body: fc.oneof(
    { weight: 9, arbitrary: envelope.map((said) => JSON.stringify(said)) },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: envelope.map((said) => JSON.stringify(said).slice(1)) },
  ),
})

function say({ status, encoding, body }: MadAnswer, response: ServerResponse): void {
  if (encoding !== undefined) response.setHeader('content-encoding', encoding)
  response.writeHead(status).end(body)
}

/** What an answer must be for anybody to get in by it; it may be refused for other reasons. */
function grantedResult({ status, encoding, body }: MadAnswer): Record<string, unknown> | undefined {
  if (status !== 200 || encoding !== undefined) return undefined
  try {
    const said = JSON.parse(body)
    const isGrant = (said.error ?? said.disconnect ?? undefined) === undefined
    const { result } = said
    return isGrant && typeof result === 'object' && result !== null && !Array.isArray(result) ? result : undefined
  } catch {
    return undefined
  }
}

const question: PermissionQuestion = {
  user: 'eve',
  client: 'c',
  transport: 'websocket',
  isSubscribed: false,
  channel: { name: 'news', namespace: '', rest: 'news' },
  data: 'said',
}

/** A back end that is mad, and hooks that ask it everything. */
async function askTheMad() {
  const mad = { answer: { status: 200, encoding: undefined, body: '' } as MadAnswer }
  const backEnd = await BackEnd.start((_call, response) => say(mad.answer, response))
  const url = backEnd.url()
  const hooks = httpHooks({
    connect: url,
    refresh: url,
    subscribe: url,
    subRefresh: url,
    publish: url,
    rpc: url,
    disconnected: url,
    timeoutMs: 20_000,
    maxAttempts: 1,
  })
  onTestFinished(() => hooks.close())
  return { mad, hooks }
}

test('whatever a back end answers, it is a yes, a no, or an error that is known', async () => {
  const { mad, hooks } = await askTheMad()
  const { authenticator, subscribe, publish, rpc } = hooks
  const session = { client: 'c', user: 'eve', transport: 'websocket' } as Parameters<typeof rpc>[2]
  const refresh = { client: 'c', user: 'eve', transport: 'websocket' }
  const asks: readonly (() => unknown)[] = [
    () => authenticator.authenticate({}),
    () => authenticator.refresh?.(refresh),
    () => subscribe(question),
    () => subscribe({ ...question, isSubscribed: true }),
    () => publish(question),
    () => rpc('method', null, session),
  ]
  let yes = 0
  await fc.assert(
    fc.asyncProperty(madAnswer, fc.nat(asks.length - 1), async (answer, index) => {
      mad.answer = answer
      const granted = grantedResult(answer)
      const outcome = await Promise.resolve(asks[index]?.()).catch((error: unknown) => error)
      if (outcome instanceof HookError) return
      const isNo =
        outcome instanceof ApplicationRefusal || outcome instanceof AuthenticationRefusal || outcome === false
      if (isNo) return
      yes++
      expect(granted).toBeDefined()
      if (index === 0) expect((outcome as { user: unknown }).user).toBe(granted?.['user'])
      if (index === 1) expect((outcome as { user: unknown }).user).toBe('eve')
      expect(granted?.['b64data'] || undefined).toBeUndefined()
      if (index >= 1 && index <= 3) expect(granted?.['expired'] ?? false).toBe(false)
    }),
    { numRuns: 1500 },
  )
  expect(yes).toBeGreaterThan(100)
}, 60_000)

test('whatever a back end answers, the hub goes on, and only who was let in is in', async () => {
  using watch = watchFailures()
  const silence = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => silence.mockRestore())
  const { mad, hooks } = await askTheMad()
  const hub = createHub({
    ...hooks.hubOptions,
    namespaces: { '': { subscribe: hooks.subscribe, publish: hooks.publish } },
  })
  onTestFinished(() => hub.close())
  let connected = 0
  await fc.assert(
    fc.asyncProperty(madAnswer, madAnswer, async (first, second) => {
      const packets: string[] = []
      let tell = (): void => {}
      const session = hub.sessions.open({
        name: 'memory',
        bufferedAmount: 0,
        send: (packet) => {
          packets.push(typeof packet === 'string' ? packet : String(packet.data))
          tell()
        },
        close: () => tell(),
      })
      const told = (): Promise<void> =>
        new Promise((resolve) => {
          tell = resolve
        })
      mad.answer = first
      let answered = told()
      session.receive('{"id":1,"connect":{}}')
      await answered
      const isIn = packets.some((packet) => 'connect' in JSON.parse(packet))
      if (isIn) {
        connected++
        expect(grantedResult(first)?.['user']).toBe(session.user)
        mad.answer = second
        answered = told()
        session.receive('{"id":2,"subscribe":{"channel":"news"}}')
        await answered
        const isSubscribed = packets.some((packet) => 'subscribe' in JSON.parse(packet))
        if (isSubscribed) expect(grantedResult(second)).toBeDefined()
      }
      expect(hub.sessions.get(session.client) !== undefined).toBe(isIn && session.phase === 'open')
      session.disconnect()
    }),
    { numRuns: 400 },
  )
  expect(connected).toBeGreaterThan(30)
  expect(watch.failures).toEqual([])
}, 60_000)
