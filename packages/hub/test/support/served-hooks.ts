import type { NamespaceOptions } from '@wigwag/hub'
import { type CreateHubOptions, type HttpHooks, type HttpHooksOptions, httpHooks } from '@wigwag/hub/node'
import type { Centrifuge, Options } from 'centrifuge'
import { onTestFinished, vi } from 'vitest'
import { type Answering, BackEnd } from './back-end.ts'
import { type ServedSessions, serveSessions } from './served-sessions.ts'

/** Answers by the name of the event; those that are missing say yes and nothing else. */
export type EventAnswers = Readonly<Record<string, Answering>>

/** Sessions that a back end decides on. */
export interface ServedHooks extends ServedSessions {
  readonly backEnd: BackEnd
  readonly hooks: HttpHooks
  /** A client that is connecting. */
  connecting(options?: Partial<Options>): Centrifuge
}

const YES: EventAnswers = { connect: () => ({ result: { user: 'ada' } }) }

/** Serves sessions of which a back end is asked everything, until the test is finished. */
export async function serveHooks(
  answers: EventAnswers,
  options: HttpHooksOptions = {},
  namespace: NamespaceOptions = {},
  hubOptions: CreateHubOptions = {},
): Promise<ServedHooks> {
  // What the hub reports of failures is what these tests are about.
  const silence = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => silence.mockRestore())
  const backEnd = await BackEnd.start((call, response, request) => {
    const answer = answers[call.json.event] ?? YES[call.json.event]
    return answer === undefined ? { result: {} } : answer(call, response, request)
  })
  const names = ['connect', 'refresh', 'subscribe', 'subRefresh', 'publish', 'rpc', 'disconnected'] as const
  const urls = Object.fromEntries(names.map((name) => [name, backEnd.url(`/${name}`)]))
  const hooks = httpHooks({ retryDelayMs: 1, timeoutMs: 20_000, ...urls, ...options })
  // Behind the hub, whose sessions end before.
  onTestFinished(() => hooks.close())
  const served = await serveSessions({
    ...hooks.hubOptions,
    ...hubOptions,
    namespaces: { '': { subscribe: hooks.subscribe, publish: hooks.publish, ...namespace } },
  })
  return {
    ...served,
    backEnd,
    hooks,
    connecting: (clientOptions) => {
      const client = served.client(clientOptions)
      client.on('error', () => {}).connect()
      return client
    },
  }
}
