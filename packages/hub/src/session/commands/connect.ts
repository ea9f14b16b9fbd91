import type { ConnectRequest, ConnectResult, SubscribeResult } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import type { ConnectQuestion, Credentials, Refused } from '../credentials.ts'
import { ends } from '../disconnects.ts'
import { isCredentials } from '../is-credentials.ts'
import { Lifetime } from '../lifetime.ts'
import { EXPIRED } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'
import { SessionSubscription, type SubscriptionOutcome } from '../session-subscription.ts'
import { resolveGoal } from '../subscription-goal.ts'

/** What the hub says of itself in the reply to `connect`. */
const VERSION = 'wigwag'

/** Finds out who the client is, puts it into its channels, and then tells it all at once. */
export async function connect(
  session: Session,
  context: SessionContext,
  request: ConnectRequest,
  reply: CommandReply<'connect'>,
): Promise<void> {
  const credentials = await authenticate(session, context, request)
  if (session.phase !== 'connecting') return
  if (!isCredentials(credentials)) {
    reply.refuse(credentials.answer)
    session.refused()
    return
  }
  if (credentials.expiresAt !== undefined && credentials.expiresAt <= context.ports.nowMs()) {
    reply.refuse(EXPIRED)
    session.refused()
    return
  }
  const renewedBy = context.authenticator?.refresh !== undefined && !request.token ? 'hub' : 'client'
  session.authenticated(credentials, new Lifetime(credentials.expiresAt, renewedBy))
  const tooMany = context.enter(session)
  if (tooMany !== undefined) reply.refuse({ type: 'disconnect', disconnect: tooMany })
  else subscribeAll(session, context, request, credentials, reply)
}

async function authenticate(
  { client, request: came, transport, remoteAddress }: Session,
  { authenticator }: SessionContext,
  { token, data, name, version, headers }: ConnectRequest,
): Promise<Credentials | Refused> {
  if (came?.credentials !== undefined) return came.credentials
  if (authenticator === undefined) return { user: '' }
  const header = (field: string): string | undefined => {
    // What a browser cannot send itself. Of other headers a proxy may have seen to it that no client sets them.
    return came?.header?.(field) ?? (field === 'authorization' ? emulated(headers, field) : undefined)
  }
  const question: ConnectQuestion = {
    client,
    header,
    transport,
    remoteAddress,
    ...(came?.query !== undefined && { query: came.query }),
    ...(token !== undefined && token !== '' && { token }),
    ...(data !== undefined && { data }),
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
  }
  return authenticator.authenticate(question)
}

function emulated(headers: ConnectRequest['headers'], field: string): string | undefined {
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === field)?.[1]
}

/** All recoveries go on at once; the reply has them all, and what comes meanwhile is behind it. */
function subscribeAll(
  session: Session,
  context: SessionContext,
  request: ConnectRequest,
  credentials: Credentials,
  reply: CommandReply<'connect'>,
): void {
  const results = new Map<SessionSubscription, SubscribeResult>()
  const subscriptions = serverSubscriptions(session, context, request, credentials)
  let missing = subscriptions.length
  const finish = (): void => {
    // Its deadline may have come before; and a reply that was given is given.
    if (session.phase === 'connecting') finishConnect(session, context, credentials, results, reply)
  }
  const ready = (subscription: SessionSubscription, outcome: SubscriptionOutcome): void => {
    missing--
    if (outcome.ok) results.set(subscription, outcome.result)
    // Without one of its channels it would miss something in silence: it comes back for all of them.
    else session.disconnect(ends('internal'))
    if (missing === 0) finish()
  }
  for (const subscription of subscriptions) {
    const info = session.clientInfo(credentials.channelInfo?.get(subscription.channel))
    subscription.begin(info, (outcome) => ready(subscription, outcome))
  }
  if (subscriptions.length === 0) finish()
  else context.wake(session)
}

function serverSubscriptions(
  session: Session,
  context: SessionContext,
  { subs }: ConnectRequest,
  { channels = [] }: Credentials,
): SessionSubscription[] {
  const subscriptions: SessionSubscription[] = []
  for (const channel of new Set(channels)) {
    const target = context.namespaces.resolve(channel)
    if (target === undefined) {
      const problem = new Error(`${JSON.stringify(channel)} is in no namespace of this hub.`)
      context.ports.report('Subscribing to a channel of the credentials', problem)
      continue
    }
    const goal = resolveGoal('server', subs?.[channel] ?? {}, target.namespace)
    const subscription = new SessionSubscription(context, session, target, goal)
    session.subscriptions.add(subscription)
    subscriptions.push(subscription)
  }
  return subscriptions
}

function finishConnect(
  session: Session,
  context: SessionContext,
  { data }: Credentials,
  results: ReadonlyMap<SessionSubscription, SubscribeResult>,
  reply: CommandReply<'connect'>,
): void {
  const { options, ports, hooks } = context
  const subs: Record<string, SubscribeResult> = Object.create(null)
  // One that was ended while others were on their way is none.
  const ready = [...results].filter(([{ phase }]) => phase === 'ready')
  for (const [{ channel }, result] of ready) subs[channel] = result
  session.opened()
  const result: ConnectResult = {
    client: session.client,
    version: VERSION,
    ...session.lifetime.describe(ports.nowMs()),
    ...(data !== undefined && { data }),
    ...(ready.length > 0 && { subs }),
    ...(options.pingIntervalMs > 0 && {
      ping: Math.ceil(options.pingIntervalMs / 1000),
      ...(session.upstream !== 'polled' && { pong: true }),
    }),
    ...session.address,
    time: ports.nowMs(),
  }
  reply.succeed(result)
  for (const [subscription] of ready) subscription.start()
  context.tell('onConnect', () => hooks.onConnect?.(session))
  for (const [{ target }] of ready) {
    context.tell('onSubscribe', () => hooks.onSubscribe?.(session, target.parts))
  }
  session.commands.runDeferred()
}
