import type { Position } from '@wigwag/hub'
import type { Account } from './account.ts'
import { CHANNEL, type ChaosData, RETRY_MS, sleep } from './chaos-channel.ts'

/** How a session is polled. */
export interface SessionPolling {
  /** How long each poll waits. */
  readonly waitSeconds: number
  /** Between an answer and the next poll, in milliseconds. */
  readonly intervalMs: number
}

interface PublicationPacket {
  readonly data: ChaosData
  readonly offset: number
}

/** What the hub says, as far as it is understood here. */
interface Packet {
  readonly error?: { readonly temporary?: boolean }
  readonly connect?: { readonly node: string; readonly session: string }
  readonly subscribe?: Position & {
    readonly was_recovering?: boolean
    readonly recovered?: boolean
    readonly publications?: readonly PublicationPacket[]
  }
  readonly push?: {
    readonly pub?: PublicationPacket
    readonly unsubscribe?: { readonly code: number }
    readonly disconnect?: object
  }
}

interface Packets {
  readonly last: number
  readonly packets: readonly Packet[]
}

/** Follows the channel as a session by polls, with nothing but `fetch`; connects again whenever the session has ended. */
export async function followPolledSession(base: string, polling: SessionPolling, account: Account): Promise<void> {
  for (;;) {
    await new PolledSession(base, polling, account).toItsEnd()
    await sleep(RETRY_MS)
  }
}

class PolledSession {
  readonly #base: string
  readonly #polling: SessionPolling
  readonly #account: Account
  readonly #over = new AbortController()
  #address: Packet['connect']
  #last = 0
  #commands = 1
  #epoch = ''

  constructor(base: string, polling: SessionPolling, account: Account) {
    this.#base = base
    this.#polling = polling
    this.#account = account
  }

  /** Resolves when it has ended, or was never there. */
  async toItsEnd(): Promise<void> {
    const connected = await this.#post('/connection/long_poll', '{"id":1,"connect":{}}')
    const packets = connected?.ok ? await readPackets(connected) : undefined
    if (packets === undefined) return
    this.#account.connected()
    this.#take(packets)
    for (let wasAway = false; !this.#over.signal.aborted; ) {
      await sleep(this.#polling.intervalMs)
      const body = JSON.stringify({ ...this.#address, last: this.#last })
      const answer = await this.#post(`/connection/long_poll?wait=${this.#polling.waitSeconds}`, body)
      if (answer !== undefined && [404, 409, 503].includes(answer.status)) return
      const next = answer?.ok ? await readPackets(answer) : undefined
      if (next === undefined) {
        // No answer, or half of one, or a proxy's: what was not acknowledged is answered again.
        wasAway = true
        await sleep(RETRY_MS)
        continue
      }
      if (wasAway) this.#account.connected()
      wasAway = false
      this.#take(next)
    }
  }

  #take({ last, packets }: Packets): void {
    this.#last = last
    for (const packet of packets) this.#takeOne(packet)
  }

  #takeOne({ error, connect, subscribe, push }: Packet): void {
    if (error !== undefined) {
      if (error.temporary === true && this.#address !== undefined) void this.#subscribe(RETRY_MS)
      else this.#over.abort()
    } else if (connect !== undefined) {
      this.#address = connect
      void this.#subscribe(0)
    } else if (subscribe !== undefined) {
      const { epoch, offset, was_recovering = false, recovered = false, publications = [] } = subscribe
      this.#epoch = epoch
      this.#account.subscribed(was_recovering, recovered, { epoch, offset })
      for (const publication of publications) this.#published(publication)
    } else if (push?.pub !== undefined) this.#published(push.pub)
    else if (push?.disconnect !== undefined) this.#over.abort()
    // From 2500 on it is to be asked for again.
    else if (push?.unsubscribe !== undefined && push.unsubscribe.code >= 2500) void this.#subscribe(RETRY_MS)
  }

  #published({ data, offset }: PublicationPacket): void {
    this.#account.published({ epoch: this.#epoch, offset }, data)
  }

  /** Whoever does not know whether the session was told connects again. */
  async #subscribe(afterMs: number): Promise<void> {
    await sleep(afterMs)
    const { position } = this.#account
    const { node, session } = this.#address ?? {}
    const subscribe = { channel: CHANNEL, ...(position && { recover: true, ...position }) }
    const data = JSON.stringify({ id: ++this.#commands, subscribe })
    const answer = await this.#post('/emulation', JSON.stringify({ node, session, data }))
    if (!answer?.ok) this.#over.abort()
  }

  /** Resolves with nothing when there is no answer. */
  async #post(path: string, body: string): Promise<Response | undefined> {
    try {
      return await fetch(this.#base + path, { method: 'POST', body, signal: this.#over.signal })
    } catch {
      return undefined
    }
  }
}

/** Resolves with nothing when the answer breaks off. */
async function readPackets(answer: Response): Promise<Packets | undefined> {
  try {
    return (await answer.json()) as Packets
  } catch {
    return undefined
  }
}
