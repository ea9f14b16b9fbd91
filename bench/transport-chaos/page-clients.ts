import { Client, type Transport, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { poll } from '@wigwag/client/poll'
import { sse } from '@wigwag/client/sse'
import type { Account } from './account.ts'
import { CHANNEL, type ChaosData, SOME_UPGRADES } from './chaos-channel.ts'

/** Between two polls that do not wait, in milliseconds. */
const INTERVAL_MS = 100

/** How clients of ours reach the hub: over each transport alone, and over all, where WebSockets are let through now and then. */
export const CLIENT_TRANSPORTS: Readonly<Record<string, () => readonly Transport[]>> = {
  'client, websocket': () => [webSocket()],
  'client, http-stream': () => [httpStream()],
  'client, sse': () => [sse()],
  'client, long-poll': () => [longPoll()],
  'client, poll': () => [poll({ intervalMs: INTERVAL_MS })],
  'client, fallback': () => [webSocket(), httpStream(), sse(), longPoll(), poll({ intervalMs: INTERVAL_MS })],
}

/** Follows as an application does that shows what it is told: what is missing it knows by `onGap` alone. */
export function followByClient(base: string, account: Account, transports: readonly Transport[]): void {
  const client = new Client(base + (transports.length > 1 ? SOME_UPGRADES : '/'), {
    transports,
    minDelayMs: 20,
    maxDelayMs: 300,
    connectTimeoutMs: 3000,
    // Up again while there is still something to lose.
    moveUpDelayMs: 500,
  })
  client.on('connected', () => {
    const { state } = client
    account.connected(state.phase === 'connected' ? state.transport : undefined)
  })
  const subscription = client.subscribe(CHANNEL, {
    onGap: ({ position = NOWHERE }) => account.subscribed(true, false, position),
  })
  subscription.on('subscribed', ({ recovered }) => {
    const { position = NOWHERE } = subscription
    // Where a gap is, that is told right behind this.
    if (recovered || account.position === undefined) account.subscribed(recovered, recovered, position)
  })
  subscription.on('publication', ({ data, offset = 0 }) => {
    account.published({ epoch: subscription.position?.epoch ?? '', offset }, data as readonly number[] as ChaosData)
  })
}

const NOWHERE = { epoch: '', offset: 0 }
