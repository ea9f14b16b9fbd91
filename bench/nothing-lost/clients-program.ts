// Clients of npm's `centrifuge`, which keep account of what they are told.
import { Centrifuge, type SubscribedContext } from 'centrifuge'
import { WebSocket } from 'ws'
import type { ClientsAsked, ClientsSpec, ClientsTold, Goal } from './clients-spec.ts'
import { emptyTally, Ledger } from './ledger.ts'

const { sessions } = JSON.parse(process.argv[2] as string) as ClientsSpec
const tally = emptyTally()
const ledgers: { readonly channel: string; readonly ledger: Ledger }[] = []
let ended = 0
let errors = 0
let goal: Goal | undefined
/** Those that are not subscribed yet, or have not come to the goal. */
let awaited = new Set<Ledger>()

function tell(message: ClientsTold): void {
  process.send?.(message)
}

function heard(ledger: Ledger, channel: string): void {
  if (goal === undefined || !awaited.has(ledger)) return
  const position = goal.positions[channel]
  if (position !== undefined && ledger.hasReached(position)) awaited.delete(ledger)
  if (awaited.size === 0) report(goal)
}

function report({ counts }: Goal): void {
  let missing = 0
  for (const { channel, ledger } of ledgers) missing += ledger.missing(counts[channel] ?? [])
  tell({ kind: 'report', ...tally, missing, ended, errors, unfinished: awaited.size })
}

function subscribe(client: Centrifuge, channel: string): void {
  const ledger = new Ledger(tally)
  ledgers.push({ channel, ledger })
  awaited.add(ledger)
  const subscription = client.newSubscription(channel, { minResubscribeDelay: 20, maxResubscribeDelay: 500 })
  subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }: SubscribedContext) => {
    const { offset = 0, epoch = '' } = streamPosition ?? {}
    const unrecovered = ledger.subscribed({ wasRecovering, recovered, position: { offset, epoch } })
    if (unrecovered !== undefined) tell({ kind: 'unrecovered', channel, ...unrecovered })
    if (goal !== undefined) heard(ledger, channel)
    else if (awaited.delete(ledger) && awaited.size === 0) tell({ kind: 'subscribed' })
  })
  subscription.on('publication', ({ offset = 0, data }) => {
    const [publisher, number] = data as [number, number]
    ledger.published(offset, publisher, number)
    heard(ledger, channel)
  })
  subscription.on('unsubscribed', () => ended++)
  subscription.on('error', () => errors++)
  subscription.subscribe()
}

for (const { port, channels } of sessions) {
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
    websocket: WebSocket,
    minReconnectDelay: 20,
    maxReconnectDelay: 500,
  })
  client.on('disconnected', () => ended++)
  client.on('error', () => errors++)
  for (const channel of channels) subscribe(client, channel)
  client.connect()
}

process.on('message', (asked: ClientsAsked) => {
  if (asked.kind === 'finish') {
    goal = asked.goal
    awaited = new Set(ledgers.map(({ ledger }) => ledger))
    for (const { channel, ledger } of ledgers) heard(ledger, channel)
  } else if (goal !== undefined && awaited.size > 0) report(goal)
})
process.once('disconnect', () => process.exit())
