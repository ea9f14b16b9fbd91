import type { Position } from '@wigwag/hub'
import type { Account } from './account.ts'

/** How soon it asks again, in milliseconds, when it was not answered. */
const RETRY_MS = 50
/** How long a poll waits, in seconds. */
const WAIT_S = 2

type Data = readonly [publisher: number, number: number]

interface Publication {
  readonly offset: number
  readonly data: Data
}

interface Packet {
  readonly connect?: { readonly node: string; readonly session: string }
  readonly error?: object
  readonly subscribe?: Position & {
    readonly was_recovering?: boolean
    readonly recovered?: boolean
    readonly publications?: readonly Publication[]
  }
  readonly push?: { readonly pub?: Publication; readonly unsubscribe?: object; readonly disconnect?: object }
}

interface Answer {
  readonly last: number
  readonly packets: readonly Packet[]
}

/** Whoever comes to the wrong node while Redis is away, or whose node is gone, begins anew, and recovers. */
class Refused extends Error {}

/**
 * Follows a channel by a session that is polled, as a program does that knows no library. Whatever it does not get an answer
 * to, a proxy's own included, it asks again from where it stands.
 */
export async function followPolledSession(base: string, channel: string, account: Account): Promise<void> {
  for (;;) {
    try {
      await followOnce(base, channel, account)
    } catch {
      // Refused, or the network.
    }
    await sleep(RETRY_MS)
  }
}

async function followOnce(base: string, channel: string, account: Account): Promise<void> {
  const first = await post(`${base}/connection/long_poll`, '{"id":1,"connect":{}}')
  const { node, session } = first.packets[0]?.connect ?? {}
  if (node === undefined || session === undefined) throw new Refused()
  account.connected()
  const [epoch, offset] = account.after?.split(':') ?? []
  const recovery = epoch === undefined ? {} : { recover: true, epoch, offset: Number(offset) }
  const data = JSON.stringify({ id: 2, subscribe: { channel, ...recovery } })
  await post(`${base}/emulation`, JSON.stringify({ node, session, data }))
  for (let { last } = first; ; ) {
    const answer = await ask(
      `${base}/connection/long_poll?wait=${WAIT_S}`,
      JSON.stringify({ node, session, last }),
      account,
    )
    last = answer.last
    for (const packet of answer.packets) if (!take(packet, account)) return
  }
}

/** Asks until there is an answer: nothing is lost by that, and nothing comes twice. */
async function ask(url: string, body: string, account: Account): Promise<Answer> {
  for (let isBack = false; ; isBack = true) {
    try {
      const answer = await post(url, body)
      if (isBack) account.connected()
      return answer
    } catch (error) {
      if (error instanceof Refused) throw error
      await sleep(RETRY_MS)
    }
  }
}

async function post(url: string, body: string): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', body })
  if (answer.status === 204) return { last: 0, packets: [] }
  // What a proxy says of its own is no word of the session's.
  if ([404, 409, 503].includes(answer.status)) throw new Refused(String(answer.status))
  if (!answer.ok) throw new Error(String(answer.status))
  return (await answer.json()) as Answer
}

/** Returns whether the session and the subscription go on. */
function take({ error, subscribe, push }: Packet, account: Account): boolean {
  if (subscribe !== undefined) {
    const { epoch, offset, was_recovering = false, recovered = false, publications = [] } = subscribe
    account.subscribed(was_recovering, recovered, { epoch, offset })
    for (const publication of publications) published(publication, account)
  }
  if (push?.pub !== undefined) published(push.pub, account)
  return error === undefined && push?.unsubscribe === undefined && push?.disconnect === undefined
}

function published({ offset, data }: Publication, account: Account): void {
  account.published({ epoch: account.after?.split(':')[0] ?? '', offset }, data)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
