import { type ClusterMessage, decodeClusterMessage, encodeClusterMessage, type HubName } from './cluster-message.ts'
import { type ClusterOptions, resolveClusterOptions } from './cluster-options.ts'
import type { AnswerQuestion, ClusterAnswer, ClusterAnswers, ClusterQuestion } from './cluster-question.ts'
import { Inquiry } from './inquiry.ts'

/** What the id of a hub can be. Whoever names one need not know any. */
const HUB_ID = /^[\w-]{1,64}$/
/** How many characters of an answer go in one message: in JSON each takes seven bytes at most. */
const PIECE_LENGTH = 64 * 1024
const MOST_BYTES_EACH = 7

/** What the host lends. */
export interface ClusterPorts {
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs: () => number
  /** A new id, never given before in the cluster. */
  readonly createId: () => string
  /** Calls `run` every `intervalMs` until the function that it returns is called. */
  readonly every: (intervalMs: number, run: () => void) => () => void
}

/** What the hubs of a cluster answered. */
export interface Gathered<Answer> {
  /** This hub's own answer first. */
  readonly answers: readonly Answer[]
  /** Hubs that did not answer in time. */
  readonly missing: readonly HubName[]
}

interface KnownHub extends HubName {
  readonly goneAtMs: number
}

/** Tells all hubs, or only the one whose id is `hub`. Resolves with `false` where there is nobody to tell; rejects when they cannot be told. */
export type TellHubs = (message: string, hub?: string) => Promise<boolean>

/** The hubs that share a broker, as one of them knows them: by what they tell. Asks all of them, and answers when it is asked. */
export class Cluster {
  readonly #self: HubName
  readonly #options: Required<ClusterOptions>
  readonly #ports: ClusterPorts
  readonly #tell: TellHubs
  readonly #answer: AnswerQuestion
  readonly #others = new Map<string, KnownHub>()
  readonly #inquiries = new Map<string, Inquiry>()
  #stop: (() => void) | undefined
  #isClosed = false

  /** Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
  constructor(
    id: string,
    options: ClusterOptions | undefined,
    ports: ClusterPorts,
    tell: TellHubs,
    answer: AnswerQuestion,
  ) {
    this.#options = resolveClusterOptions(options)
    this.#self = { id, name: this.#options.name }
    this.#ports = ports
    this.#tell = tell
    this.#answer = answer
  }

  /** This hub. */
  get self(): HubName {
    return this.#self
  }

  /** The other hubs that are there. */
  get others(): readonly HubName[] {
    this.#forgetSilent()
    return [...this.#others.values()].map(nameOf)
  }

  get options(): Required<ClusterOptions> {
    return this.#options
  }

  /** The broker has started: from now on the others hear of this hub. */
  begin(): void {
    if (this.#isClosed || this.#stop !== undefined) return
    this.#announce('hello')
    this.#stop = this.#ports.every(this.#options.keepaliveIntervalMs, () => this.#announce('here'))
  }

  /** What a hub of the cluster, or this one, told all of them. */
  told(text: string): void {
    const message = decodeClusterMessage(text)
    if (message === undefined || this.#isClosed || message.hub.id === this.#self.id) return
    switch (message.type) {
      case 'hello':
        this.#know(message)
        this.#announce('here')
        break
      case 'here':
        this.#know(message)
        break
      case 'gone':
        this.#forget(message.hub.id)
        break
      case 'question':
        if (message.to === undefined || message.to === this.#self.id) this.#reply(message)
        break
      case 'answer':
        // One that came while it was asked has not been waited for.
        if (message.to === this.#self.id) this.#inquiries.get(message.id)?.answered(message.hub.id, message.answer)
        break
      case 'piece': {
        const { hub, index, isLast, text } = message
        if (message.to === this.#self.id) this.#inquiries.get(message.id)?.piece(hub.id, index, isLast, text)
        break
      }
    }
  }

  /**
   * Asks every hub, this one included, and waits for those that are there, for a bounded time. Rejects with `HubError`
   * `ERR_BROKER_UNAVAILABLE` when there are others and they could not be asked.
   */
  async ask<T extends ClusterQuestion['type']>(
    question: Extract<ClusterQuestion, { type: T }>,
  ): Promise<Gathered<ClusterAnswers[T]>> {
    const given = this.#answer(question)
    const own = (given instanceof Promise ? await given : given) as ClusterAnswers[T]
    const { others } = this
    if (others.length === 0) return { answers: [own], missing: [] }
    const inquiry = await this.#inquire(others, question, this.#options.answerTimeoutMs)
    const answers = [own, ...(inquiry.answers as ClusterAnswers[T][])]
    return { answers, missing: [...inquiry.waiting.values()] }
  }

  /** Whether a hub is there: this one, or one that was heard of lately. */
  has(hub: string): boolean {
    this.#forgetSilent()
    return hub === this.#self.id || this.#others.has(hub)
  }

  /**
   * Asks one other hub, heard of or not, and waits for `timeoutMs` at most. Resolves with nothing when it does not answer, or
   * goes, and at once when the broker knows of none. Rejects as `ask` does.
   */
  async askHub<T extends ClusterQuestion['type']>(
    hub: string,
    question: Extract<ClusterQuestion, { type: T }>,
    timeoutMs: number = this.#options.answerTimeoutMs,
  ): Promise<ClusterAnswers[T] | undefined> {
    if (!HUB_ID.test(hub)) return undefined
    const { answers } = await this.#inquire([this.#others.get(hub) ?? { id: hub, name: '' }], question, timeoutMs, hub)
    return answers[0] as ClusterAnswers[T] | undefined
  }

  /** Tells the others that this hub goes. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stop?.()
    if (this.#stop !== undefined) this.#send({ type: 'gone' })
    for (const { finish } of this.#inquiries.values()) finish()
  }

  async #inquire(
    asked: readonly HubName[],
    question: ClusterQuestion,
    timeoutMs: number,
    to?: string,
  ): Promise<Inquiry> {
    const id = this.#ports.createId()
    const inquiry = new Inquiry(asked.map(nameOf))
    this.#inquiries.set(id, inquiry)
    const stop = this.#ports.every(timeoutMs, inquiry.finish)
    try {
      const message = { type: 'question', hub: this.#self, id, question, ...(to !== undefined && { to }) } as const
      if (await this.#tell(encodeClusterMessage(message), to)) await inquiry.finished
      // It is gone, though it may not have been heard saying so.
      else if (to !== undefined) this.#forget(to)
      return inquiry
    } finally {
      stop()
      this.#inquiries.delete(id)
    }
  }

  #reply({ hub, id, question }: Extract<ClusterMessage, { type: 'question' }>): void {
    const answer = this.#answer(question)
    // Who does not answer has not: those who asked say so.
    if (answer instanceof Promise) answer.then((given) => this.#sendAnswer(hub.id, id, given)).catch(() => {})
    else if (answer !== undefined) this.#sendAnswer(hub.id, id, answer)
  }

  /** Only whoever asked is told. */
  #sendAnswer(to: string, id: string, answer: ClusterAnswer): void {
    const text = JSON.stringify(answer)
    const length = Math.min(PIECE_LENGTH, Math.floor(this.#options.maxMessageBytes / MOST_BYTES_EACH / 2))
    if (text.length <= length) {
      this.#send({ type: 'answer', to, id, answer }, to)
      return
    }
    for (let start = 0; start < text.length; start += length) {
      const isLast = start + length >= text.length
      const index = start / length
      this.#send({ type: 'piece', to, id, index, isLast, text: text.slice(start, start + length) }, to)
    }
  }

  #know({ hub, silenceMs }: Extract<ClusterMessage, { type: 'hello' | 'here' }>): void {
    this.#others.set(hub.id, { ...hub, goneAtMs: this.#ports.elapsedMs() + silenceMs })
  }

  /** It has said so itself: nothing is missing without it. */
  #forget(id: string): void {
    this.#others.delete(id)
    for (const inquiry of this.#inquiries.values()) inquiry.gone(id)
  }

  #forgetSilent(): void {
    const nowMs = this.#ports.elapsedMs()
    for (const { id, goneAtMs } of this.#others.values()) {
      if (goneAtMs > nowMs) continue
      this.#others.delete(id)
      for (const inquiry of this.#inquiries.values()) this.#abandon(inquiry, id)
    }
  }

  /** A hub was forgotten. Where it is the last that is waited for it need not be waited for, and is missing. */
  #abandon({ waiting, finish }: Inquiry, id: string): void {
    if (waiting.has(id) && waiting.size === 1) finish()
  }

  #announce(type: 'hello' | 'here'): void {
    this.#forgetSilent()
    this.#send({ type, silenceMs: this.#options.keepaliveIntervalMs * 3 + 1000 })
  }

  /** Told at most once: while the broker is away nobody hears it, and it is told again. */
  #send(message: DistributiveOmit<ClusterMessage, 'hub'>, to?: string): void {
    this.#tell(encodeClusterMessage({ ...message, hub: this.#self }), to).catch(() => {})
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never

function nameOf({ id, name }: HubName): HubName {
  return { id, name }
}
