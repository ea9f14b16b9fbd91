import type { ConnectRequest, ConnectResult, Push } from '@wigwag/protocol'
import { type Commands, createCommands } from './command/commands.ts'
import { createOutgoing } from './command/outgoing.ts'
import { createPublish, type Publish } from './command/publish.ts'
import type { ClientEvents } from './connection/client-events.ts'
import { type Connection, createConnection } from './connection/connection.ts'
import { type CoreClientOptions, resolveCoreOptions } from './core-options.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import { ClientError } from './error/client-error.ts'
import { parseUrl } from './error/parse-url.ts'
import { closeReason } from './reason/close-reason.ts'
import type { ClientState } from './state/client-state.ts'
import {
  type CoreSubscription,
  createSubscription,
  type SubscriptionHost,
  type WantedSubscription,
} from './subscription/core-subscription.ts'
import type { CoreSubscriptionOptions } from './subscription/subscription-options.ts'

/** What a client is made of. */
export interface ClientParts {
  readonly connection: Connection
  readonly emitter: Emitter<ClientEvents>
  readonly commands: Commands
  readonly publish: Publish
  /** Connects if nobody has decided otherwise; says why there will be no connection. */
  seek(): ClientError | undefined
  subscribe<Data, Input>(channel: string, options: CoreSubscriptionOptions<Data>): CoreSubscription<Data, Input>
  /** Ends every subscription. */
  unsubscribe(): void
}

/** Puts a client together: each of its parts is told what concerns it of what the others come to. */
export function assembleClient(url: string | URL, given: CoreClientOptions): ClientParts {
  const options = resolveCoreOptions(given)
  const { environment, data, name, version } = options
  const wanted = new Map<string, WantedSubscription>()
  let isOnline = false
  const emitter: Emitter<ClientEvents> = createEmitter(environment.report)
  const { emit } = emitter
  const outgoing = createOutgoing((text) => connection.send(text))
  const commands = createCommands({
    options,
    push: outgoing.push,
    isHeld: (channel) => wanted.get(channel)?.subscription.state.phase === 'subscribing',
    seek,
  })
  const serverChannels = options.serverChannels?.({
    emit,
    faultOf: (channel, packet) => options.faultOf?.(channel, packet),
  })
  const connection = createConnection({
    url: parseUrl(url),
    options,
    commands,
    outgoing,
    greeting(token): ConnectRequest {
      const subs = serverChannels?.request
      return {
        ...(token && { token }),
        ...(data !== undefined && { data }),
        ...(name !== undefined && { name }),
        ...(version !== undefined && { version }),
        ...(subs && { subs }),
      }
    },
    greeted() {
      isOnline = true
      for (const each of all()) each.online()
    },
    joined({ client, data: said, subs = {} }: ConnectResult) {
      commands.open()
      emit('connected', { phase: 'connected', client, data: said })
      serverChannels?.joined(subs)
    },
    dropped() {
      isOnline = false
      serverChannels?.dropped()
      commands.close()
      for (const each of all()) each.offline()
    },
    changed,
    pushed,
    failed: (error) => emit('error', error),
    // What comes in channels of the server may be lost, where nobody is told of it.
    canMove: () =>
      commands.isIdle &&
      serverChannels?.canRecover !== false &&
      all().every(({ subscription: { state, position } }) => state.phase === 'subscribed' && position !== undefined),
  })
  const publish = createPublish(commands, options.offlineQueue?.(commands, environment))
  const host: SubscriptionHost = {
    options,
    commands,
    publish,
    wanted,
    isOnline: () => isOnline,
    seek,
    listen: (changed) => emitter.on('state', changed),
    silent: () => connection.end(closeReason('replyTimeout')),
  }

  /** As they are now: handlers may end some, and begin others. */
  function all(): WantedSubscription[] {
    return [...wanted.values()]
  }

  function seek(): ClientError | undefined {
    const { state } = connection
    if (state.phase === 'disconnected' && state.reason.name === 'initial') connection.connect()
    return disconnected(connection.state)
  }

  function changed(state: ClientState): void {
    const { phase } = state
    if (phase !== 'connected' && state.reason.name === 'stateInvalidated') {
      for (const each of all()) each.invalidate()
      serverChannels?.invalidate()
    }
    const error = disconnected(state)
    if (error !== undefined) commands.abandon(error)
    emit('state', state)
    // `connected` says more, and is told when that is known.
    if (phase !== 'connected') emit(phase, state as never)
  }

  function pushed(push: Push): void {
    if ('message' in push) emit('message', push.message.data)
    if (!('channel' in push)) return
    const subscription = wanted.get(push.channel)
    if (subscription === undefined || 'subscribe' in push) serverChannels?.pushed(push)
    else subscription.pushed(push)
  }

  return {
    connection,
    emitter,
    commands,
    publish,
    seek,
    subscribe<Data, Input>(channel: string, own: CoreSubscriptionOptions<Data>): CoreSubscription<Data, Input> {
      const subscription = createSubscription<Data, Input>(channel, host, own)
      seek()
      return subscription
    },
    unsubscribe() {
      for (const { subscription } of all()) subscription.unsubscribe()
    },
  }
}

/** Why there will be no connection. */
function disconnected(state: ClientState): ClientError | undefined {
  if (state.phase !== 'disconnected') return undefined
  const { reason } = state
  const message = `There is no connection, and none is sought: ${reason.text}. ${reason.advice}`
  return new ClientError('ERR_DISCONNECTED', message, { reason })
}
