import { type ClusterMessage, decodeClusterMessage, encodeClusterMessage, type HubName } from './cluster-message.ts'
import { type ClusterOptions, resolveClusterOptions } from './cluster-options.ts'
import type { AnswerQuestion, ClusterAnswers, ClusterQuestion } from './cluster-question.ts'

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

/** A question on its way. */
interface Inquiry {
  readonly waiting: Map<string, HubName>
  readonly answers: unknown[]
  readonly finish: () => void
}

/** The hubs that share a broker, as one of them knows them: by what they tell. Asks all of them, and answers when it is asked. */
export class Cluster {
  readonly #self: HubName
  readonly #options: Required<ClusterOptions>
  readonly #ports: ClusterPorts
  readonly #tell: (message: string) => Promise<void>
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
    tell: (message: string) => Promise<void>,
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
        this.#reply(message)
        break
      case 'answer':
        if (message.to === this.#self.id) this.#heard(message)
        break
    }
  }

  /**
   * Asks every hub, this one included, and waits for those that are there, for a bounded time. Rejects with `HubError`
   * `ERR_BROKER_UNAVAILABLE` when there are others and they could not be asked.
   */
  async ask<T extends ClusterQuestion['type']>(
    question: Extract<ClusterQuestion, { type: T }>,
  ): Promise<Gathered<ClusterAnswers[T]>> {
    const own = this.#answer(question) as ClusterAnswers[T]
    const { others } = this
    if (others.length === 0) return { answers: [own], missing: [] }
    const id = this.#ports.createId()
    const { inquiry, finished } = this.#inquire(others)
    this.#inquiries.set(id, inquiry)
    const stop = this.#ports.every(this.#options.answerTimeoutMs, inquiry.finish)
    try {
      await this.#tell(encodeClusterMessage({ type: 'question', hub: this.#self, id, question }))
      await finished
      const answers = [own, ...(inquiry.answers as ClusterAnswers[T][])]
      return { answers, missing: [...inquiry.waiting.values()] }
    } finally {
      stop()
      this.#inquiries.delete(id)
    }
  }

  /** Tells the others that this hub goes. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stop?.()
    if (this.#stop !== undefined) this.#send({ type: 'gone' })
    for (const { finish } of this.#inquiries.values()) finish()
  }

  #inquire(others: readonly HubName[]): { readonly inquiry: Inquiry; readonly finished: Promise<void> } {
    let finish = (): void => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const waiting = new Map(others.map((hub) => [hub.id, hub]))
    return { inquiry: { waiting, answers: [], finish }, finished }
  }

  #reply({ hub, id, question }: Extract<ClusterMessage, { type: 'question' }>): void {
    const answer = this.#answer(question)
    if (answer !== undefined) this.#send({ type: 'answer', to: hub.id, id, answer })
  }

  #heard({ hub, id, answer }: Extract<ClusterMessage, { type: 'answer' }>): void {
    const inquiry = this.#inquiries.get(id)
    // One that came while it was asked has not been waited for.
    if (inquiry === undefined || !inquiry.waiting.delete(hub.id)) return
    inquiry.answers.push(answer)
    if (inquiry.waiting.size === 0) inquiry.finish()
  }

  #know({ hub, silenceMs }: Extract<ClusterMessage, { type: 'hello' | 'here' }>): void {
    this.#others.set(hub.id, { ...hub, goneAtMs: this.#ports.elapsedMs() + silenceMs })
  }

  /** It has said so itself: nothing is missing without it. */
  #forget(id: string): void {
    this.#others.delete(id)
    for (const { waiting, finish } of this.#inquiries.values()) {
      waiting.delete(id)
      if (waiting.size === 0) finish()
    }
  }

  #forgetSilent(): void {
    const nowMs = this.#ports.elapsedMs()
    for (const { id, goneAtMs } of this.#others.values()) if (goneAtMs <= nowMs) this.#others.delete(id)
  }

  #announce(type: 'hello' | 'here'): void {
    this.#forgetSilent()
    this.#send({ type, silenceMs: this.#options.keepaliveIntervalMs * 3 + 1000 })
  }

  /** Told at most once: while the broker is away nobody hears it, and it is told again. */
  #send(message: DistributiveOmit<ClusterMessage, 'hub'>): void {
    this.#tell(encodeClusterMessage({ ...message, hub: this.#self })).catch(() => {})
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never

function nameOf({ id, name }: HubName): HubName {
  return { id, name }
}
