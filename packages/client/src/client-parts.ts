import type { ConnectRequest, ConnectResult, Push } from '@wigwag/protocol'
import { type Commands, createCommands } from './command/commands.ts'
import { createPublish, type Publish } from './command/publish.ts'
import type { ClientEvents } from './connection/client-events.ts'
import { type ChannelListener, type Connection, createConnection } from './connection/connection.ts'
import { type CoreClientOptions, resolveCoreOptions } from './core-options.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import type { ClientError } from './error/client-error.ts'
import { overError } from './error/over-error.ts'
import { parseUrl } from './error/parse-url.ts'
import { type CloseReason, closeReason } from './reason/close-reason.ts'
import type { ClientState } from './state/client-state.ts'
import {
  type CoreSubscription,
  createSubscription,
  type SubscriptionHost,
  type WantedSubscription,
} from './subscription/core-subscription.ts'
import type { CoreSubscriptionOptions } from './subscription/subscription-options.ts'
import { NEVER } from './time/never.ts'

/** What a client is made of. */
export interface ClientParts extends Connection {
  readonly on: Emitter<ClientEvents>['on']
  readonly call: Commands['call']
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
  const { data, name, version, report, faultOf } = options
  const wanted = new Map<string, WantedSubscription>()
  let isOnline = false
  const { on, emit }: Emitter<ClientEvents> = createEmitter(report)
  const commands = createCommands({
    options,
    send: (text) => connection.send(text),
    isReady: (channel = '') =>
      connection.state.phase === 'connected' && wanted.get(channel)?.subscription.state.phase !== 'subscribing',
    silent: () => connection.end(closeReason('replyTimeout')),
    seek,
  })
  const serverChannels = options.serverChannels?.({ emit, faultOf })
  const connection = createConnection({
    url: parseUrl(url),
    options,
    commands,
    emit,
    greet(token, done) {
      // JSON has nothing of what is undefined.
      const request = { token: token || undefined, data, name, version, subs: serverChannels?.request }
      commands.ask('connect', request as ConnectRequest, done, NEVER)
      isOnline = true
      for (const each of listeners()) each.online(true)
    },
    joined({ client, data: said, subs = {} }: ConnectResult) {
      commands.release()
      emit('connected', { phase: 'connected', client, data: said })
      serverChannels?.joined(subs)
    },
    changed,
    pushed,
    listeners,
  })
  const publish = createPublish(commands, options.offlineQueue?.(commands, options))
  const host: SubscriptionHost = {
    options,
    commands,
    publish,
    wanted,
    isOnline: () => isOnline,
    seek,
    listen: (changed) => on('state', changed),
  }

  /** As they are now: handlers may end some, and begin others. */
  function listeners(): ChannelListener[] {
    return [...wanted.values(), ...(serverChannels ? [serverChannels] : [])]
  }

  function seek(): ClientError | undefined {
    const { state } = connection
    if (state.phase === 'disconnected' && state.reason.name === 'initial') connection.connect()
    return disconnected(connection.state)
  }

  function interrupt(state: ClientState & { readonly reason: CloseReason }): void {
    isOnline = false
    commands.close(disconnected(state))
    for (const each of listeners()) {
      each.online(false)
      if (state.reason.name === 'stateInvalidated') each.invalidate()
    }
  }

  function changed(state: ClientState): void {
    if (state.phase !== 'connected') interrupt(state)
    // Whoever heard that a subscription is interrupted may have gone on from there.
    if (state !== connection.state) return
    emit('state', state)
    // `connected` says more, and is told when that is known.
    if (state.phase !== 'connected') emit(state.phase, state as never)
  }

  function pushed(push: Push): void {
    if ('message' in push) emit('message', push.message.data)
    if (!('channel' in push)) return
    // Whom the server subscribes it tells of itself.
    const listener = ('subscribe' in push ? undefined : wanted.get(push.channel)) ?? serverChannels
    listener?.pushed(push)
  }

  return Object.assign(connection, {
    on,
    call: commands.call,
    publish,
    seek,
    subscribe<Data, Input>(channel: string, own: CoreSubscriptionOptions<Data>): CoreSubscription<Data, Input> {
      const subscription = createSubscription<Data, Input>(channel, host, own)
      seek()
      return subscription
    },
    unsubscribe() {
      for (const { subscription } of [...wanted.values()]) subscription.unsubscribe()
    },
  })
}

/** Why there will be no connection. */
function disconnected(state: ClientState): ClientError | undefined {
  if (state.phase !== 'disconnected') return undefined
  const { reason } = state
  return overError('ERR_DISCONNECTED', 'There is no connection, and none is sought', reason, reason.advice)
}
