import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import type { Json } from '@wigwag/protocol'
import { HubError } from '../../error/hub-error.ts'
import type {
  PermissionFunction,
  PermissionQuestion,
  PublishGrant,
  SubscribeGrant,
} from '../../namespace/permission.ts'
import { ApplicationRefusal } from '../../namespace/refuse.ts'
import { AuthenticationRefusal } from '../../session/authentication-refusal.ts'
import type { ClientSession } from '../../session/client-session.ts'
import type {
  Authenticator,
  ConnectQuestion,
  Credentials,
  RefreshQuestion,
  Refused,
} from '../../session/credentials.ts'
import type { SessionsOptions } from '../../session/sessions-options.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import { type CallOptions, HookCaller, type HookStats } from './hook-caller.ts'
import { HOOK_NAMES, type HookName } from './hook-name.ts'
import { connectResult, publishResult, refreshResult, rpcResult, subscribeResult } from './hook-results.ts'
import { HookTeller } from './hook-teller.ts'
import { type HttpHooksOptions, type ResolvedHttpHooksOptions, resolveHttpHooksOptions } from './http-hooks-options.ts'
import { type Fields, readAnswer } from './read-answer.ts'

/** How long a connection is kept without a call, in milliseconds: less than servers do, which would close it just as it is used. */
const KEPT_MS = 4_000

/** What a session is carried by, in words that other servers' back ends know. */
const FORMAT = { protocol: 'json', encoding: 'json' } as const

/** Asks a back end over HTTP, and tells it: `httpHooks` makes one. */
export class HttpHooks {
  readonly #options: ResolvedHttpHooksOptions
  readonly #agents: readonly Agent[]
  readonly #callers = new Map<HookName, HookCaller>()
  readonly #teller: HookTeller | undefined

  /** Throws as `httpHooks` does. */
  constructor(options: HttpHooksOptions) {
    this.#options = resolveHttpHooksOptions(options)
    const kept = { keepAlive: true, timeout: KEPT_MS }
    const [agent, secure] = [new Agent(kept), new SecureAgent({ ...kept, ...this.#options.tls })]
    this.#agents = [agent, secure]
    for (const name of HOOK_NAMES) {
      const hook = this.#options.hooks[name]
      if (hook === undefined) continue
      const context = {
        options: this.#options,
        agent: hook.url.protocol === 'https:' ? secure : agent,
        nowMs: Date.now,
      }
      const caller = new HookCaller(name, hook, context)
      this.#callers.set(name, caller)
      if (name === 'disconnected') this.#teller = new HookTeller(caller, hook, this.#options)
    }
  }

  /** What `createHub` takes of these hooks: who clients are, what they call, and that they went. Namespaces name theirs. */
  get hubOptions(): Pick<SessionsOptions, 'authenticate' | 'rpc' | 'onDisconnect'> {
    return {
      ...(this.#callers.has('connect') && { authenticate: this.authenticator }),
      ...(this.#callers.has('rpc') && { rpc: this.rpc }),
      ...(this.#callers.has('disconnected') && { onDisconnect: this.onDisconnect }),
    }
  }

  /** `authenticate` of a hub: `connect` and `refresh`. Throws `HubError` `ERR_OPTION` where `connect` has no URL; so do the others. */
  get authenticator(): Authenticator {
    const connect = this.#callerOf('connect')
    const refresh = this.#callers.get('refresh')
    return {
      authenticate: (question) => this.#connect(connect, question),
      ...(refresh && { refresh: (question) => this.#refresh(refresh, question) }),
    }
  }

  /** `subscribe` of a namespace. */
  get subscribe(): PermissionFunction<SubscribeGrant | ApplicationRefusal | false> {
    const subscribe = this.#callerOf('subscribe')
    const again = this.#callers.get('subRefresh')
    return async (question) => {
      const { data } = question
      const fields = { ...askedBy(question), data }
      // Who is subscribed waits for no answer.
      const answer = question.isSubscribed
        ? await ask(again ?? subscribe, again ? askedBy(question) : fields, subscribeResult, { tries: 'several' })
        : await ask(subscribe, fields, subscribeResult)
      return answer ?? false
    }
  }

  /**
   * `publish` of a namespace, for sessions. On a channel's own URL nobody publishes by it: that is asked before there are
   * data, and the back end would say yes to what it has not seen. What the back end publishes instead has no type that the
   * compiler could check; a namespace's schema does, when it comes.
   */
  get publish(): PermissionFunction<PublishGrant<never> | ApplicationRefusal | false> {
    const caller = this.#callerOf('publish')
    const read = (result: Fields): PublishGrant<never> => publishResult(result) as PublishGrant<never>
    return async (question) => {
      const { data } = question
      return data === undefined ? false : ask(caller, { ...askedBy(question), data }, read)
    }
  }

  /** `rpc` of a hub. */
  get rpc(): (
    method: string,
    data: Json | undefined,
    session: ClientSession,
  ) => Promise<Json | ApplicationRefusal | undefined> {
    const caller = this.#callerOf('rpc')
    return (method, data, { client, transport, user, meta }) =>
      ask(caller, { client, transport, ...FORMAT, user, method, data, meta }, rpcResult)
  }

  /** `onDisconnect` of a hub. It waits for nothing. */
  get onDisconnect(): NonNullable<SessionsOptions['onDisconnect']> {
    if (this.#teller === undefined) throw missing('disconnected')
    const teller = this.#teller
    return ({ client, transport, user, meta }, disconnect) => {
      teller.tell({ client, transport, ...FORMAT, user, meta, disconnect })
    }
  }

  /** What the calls came to so far, by hook. */
  get stats(): Readonly<Partial<Record<HookName, HookStats>>> {
    const stats = Object.fromEntries([...this.#callers].map(([name, caller]) => [name, caller.stats]))
    return this.#teller === undefined ? stats : { ...stats, disconnected: this.#teller.stats }
  }

  /**
   * Asks nothing more, and tells nothing that happens from now on; resolves when what is under way is over, after
   * `closeTimeoutMs` at the latest. Close the hub before.
   */
  async close(): Promise<void> {
    const { closeTimeoutMs } = this.#options
    const closing = [...this.#callers.values()].map((caller) =>
      caller.name === 'disconnected' ? this.#teller?.close(closeTimeoutMs) : caller.close(closeTimeoutMs),
    )
    await Promise.all(closing)
    for (const agent of this.#agents) agent.destroy()
  }

  #callerOf(name: HookName): HookCaller {
    const caller = this.#callers.get(name)
    if (caller !== undefined) return caller
    throw missing(name)
  }

  #connect(caller: HookCaller, question: ConnectQuestion): Promise<Credentials | Refused> {
    const { client, transport, data, name, version, token } = question
    const fields = { client, transport, ...FORMAT, data, name, version, token }
    return ask(caller, fields, connectResult, { headers: forwardedHeaders(this.#options.forwardHeaders, question) })
  }

  async #refresh(caller: HookCaller, question: RefreshQuestion): Promise<Credentials | Refused> {
    const { client, transport, user, meta } = question
    const read = (result: Fields): Credentials | undefined => refreshResult(result, question)
    const answer = await ask(caller, { client, transport, ...FORMAT, user, meta }, read, { tries: 'several' })
    return answer ?? new AuthenticationRefusal('expired', 'The back end says that the session has expired.')
  }
}

/**
 * Hooks over HTTP: an application in any language decides, by answering JSON that is posted to it.
 * `createHub({ ...hooks.hubOptions, namespaces: { chat: { subscribe: hooks.subscribe } } })`. A call without an answer
 * that counts is error 100 for the client, and lets nobody in. Throws `HubError` `ERR_OPTION` for options that cannot be
 * used.
 */
export function httpHooks(options: HttpHooksOptions): HttpHooks {
  return new HttpHooks(options)
}

function missing(name: HookName): HubError {
  return new HubError('ERR_OPTION', `httpHooks() was given no URL for ${name}, and is to be asked.`)
}

function askedBy({ client, transport, user, channel, meta }: PermissionQuestion): object {
  return { client, transport, ...FORMAT, user, channel: channel.name, meta }
}

function ask<T>(
  caller: HookCaller,
  fields: object,
  read: (result: Fields) => T,
  options?: CallOptions,
): Promise<T | ApplicationRefusal> {
  const readAny = (text: string): T | ApplicationRefusal => {
    const answer = readAnswer(text)
    return answer.type === 'result' ? read(answer.result) : new ApplicationRefusal(answer)
  }
  return caller.call(fields, readAny, options)
}
