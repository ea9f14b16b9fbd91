import type { Broker, BrokerListener, History, Position, Publication, PublicationData } from '../index.ts'
import { assertKept, ContractBreach } from './contract-assertions.ts'

/** History as the contract suite asks for it. */
export interface ContractHistory {
  /** Most publications retained (count). */
  readonly size: number
  /** How long one is retained, in milliseconds. */
  readonly ttlMs: number
}

/** A broker under test. */
export interface BrokerSubject {
  /** A broker that was not started yet, on a store that nobody else uses. */
  readonly broker: Broker
  /** Lets time pass for the history's expiry by age: a manual clock moves on, or the test waits. */
  advance(ms: number): void | PromiseLike<void>
  /**
   * Ends the broker as a crash of its process would, and makes one that was not started on whatever the store still
   * has. Left out, cases about it are passed over.
   */
  restart?(): Broker | PromiseLike<Broker>
  /** Takes the store away from the broker, and gives it back as it was. Left out, cases about it are passed over. */
  readonly outage?: BrokerOutage
}

/** A store that goes away and comes back. Each resolves when the broker's `status` says so. */
export interface BrokerOutage {
  begin(): Promise<void>
  end(): Promise<void>
  /** Another broker on the same store, which it does not lose. Not started yet. */
  createWitness(): Broker
}

/** Makes a subject whose channels keep history as asked for. */
export type BrokerFactory = (history: ContractHistory) => BrokerSubject | PromiseLike<BrokerSubject>

/** A started broker with a listener that takes notes. */
export class BrokerProbe {
  readonly broker: Broker
  readonly subject: BrokerSubject
  readonly #told: Publication[]
  /** The channels that the listener was told `missed` of, in order. */
  readonly missed: string[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(subject: BrokerSubject, broker: Broker, told: Publication[]) {
    this.subject = subject
    this.broker = broker
    this.#told = told
  }

  /** Starts a broker, by default the subject's own. */
  static async start(subject: BrokerSubject, broker: Broker = subject.broker): Promise<BrokerProbe> {
    const told: Publication[] = []
    const probe = new BrokerProbe(subject, broker, told)
    const listener: BrokerListener = {
      publication: (publication) => {
        told.push(publication)
        for (const check of [...probe.#waiting]) check()
      },
      missed: (channel) => {
        probe.missed.push(channel)
      },
    }
    await broker.start(listener)
    return probe
  }

  /** What the listener was told of a channel so far. */
  told(channel: string): readonly Publication[] {
    return this.#told.filter((publication) => publication.channel === channel)
  }

  /** Resolves when the listener was told of `count` publications in `channel`. */
  async untilTold(channel: string, count: number): Promise<readonly Publication[]> {
    while (this.told(channel).length < count) {
      await new Promise<void>((resolve) => {
        const check = (): void => {
          this.#waiting.delete(check)
          resolve()
        }
        this.#waiting.add(check)
      })
    }
    return this.told(channel)
  }

  /** Publishes, one after the other. */
  async publishAll(channel: string, data: readonly PublicationData[]): Promise<Publication[]> {
    const publications: Publication[] = []
    for (const each of data) publications.push(await this.broker.publish(channel, each))
    return publications
  }

  /** What history has behind `after`, as data. */
  async dataAfter(channel: string, after: Position): Promise<PublicationData[]> {
    return dataOf(await this.broker.history(channel, after))
  }
}

/** The data of what history had. */
export function dataOf(history: History): PublicationData[] {
  return history.publications.map(({ data }) => data)
}

/** The position of a publication in a channel with history: it must have one. */
export function positionOf(publication: Publication | undefined): Position {
  assertKept(publication !== undefined, 'a publication was expected')
  const { position } = publication
  if (position === undefined) throw new ContractBreach('a publication in a channel with history has a position')
  return position
}

/** The position of a stream with history: it must have one. */
export function standOf(history: History): Position {
  const { position } = history
  if (position === undefined) throw new ContractBreach('the history of a channel that keeps it says where it stands')
  return position
}

/** A promise, as it is written down: `check` is given a started broker whose channels keep `history`. */
export interface BrokerContractEntry {
  readonly name: string
  readonly history?: ContractHistory
  check(probe: BrokerProbe): Promise<void>
}
