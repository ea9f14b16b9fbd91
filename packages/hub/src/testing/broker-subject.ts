import type { ClientInfo } from '@wigwag/protocol'
import type {
  Announcement,
  Broker,
  BrokerListener,
  History,
  HistoryOptions,
  Position,
  Publication,
  PublicationData,
} from '../index.ts'
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

/** What a hub says of its channels: those left out are the broker's to decide. */
export type ChannelHistories = Readonly<Record<string, Required<HistoryOptions>>>

/** Who came into a channel, or left it, as the listener was told. */
export interface ToldAnnouncement {
  readonly channel: string
  readonly kind: Announcement
  readonly info: ClientInfo
}

/** A started broker with a listener that takes notes. */
export class BrokerProbe {
  readonly broker: Broker
  readonly subject: BrokerSubject
  readonly histories: ChannelHistories
  readonly #told: Publication[] = []
  /** The channels that the listener was told `missed` of, in order. */
  readonly missed: string[] = []
  /** Who came and went, in order. */
  readonly announced: ToldAnnouncement[] = []
  /** What the hubs of the cluster were told, in order. */
  readonly controls: string[] = []
  readonly #waiting = new Set<() => void>()
  /** What the hub is called here. */
  readonly hub: string

  private constructor(subject: BrokerSubject, broker: Broker, histories: ChannelHistories, hub: string) {
    this.hub = hub
    this.subject = subject
    this.broker = broker
    this.histories = histories
  }

  /** Starts a broker, by default the subject's own, whose channels keep `histories`. */
  static async start(
    subject: BrokerSubject,
    broker: Broker = subject.broker,
    histories: ChannelHistories = {},
    hub = 'hub-1',
  ): Promise<BrokerProbe> {
    const probe = new BrokerProbe(subject, broker, histories, hub)
    await broker.start(probe.#listener())
    return probe
  }

  #listener(): BrokerListener {
    const note = <T>(notes: T[], told: T): void => {
      notes.push(told)
      for (const check of [...this.#waiting]) check()
    }
    return {
      hub: this.hub,
      publication: (publication) => note(this.#told, publication),
      missed: (channel) => note(this.missed, channel),
      historyOf: (channel) => (Object.hasOwn(this.histories, channel) ? this.histories[channel] : undefined),
      joined: (channel, info) => note(this.announced, { channel, kind: 'join', info }),
      left: (channel, info) => note(this.announced, { channel, kind: 'leave', info }),
      control: (message) => note(this.controls, message),
    }
  }

  /** What the listener was told of a channel so far. */
  told(channel: string): readonly Publication[] {
    return this.#told.filter((publication) => publication.channel === channel)
  }

  /** Resolves when the listener was told of `count` publications in `channel`. */
  async untilTold(channel: string, count: number): Promise<readonly Publication[]> {
    await this.until(() => this.told(channel).length >= count)
    return this.told(channel)
  }

  /** Resolves when `isTrue` after something was told. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        const check = (): void => {
          this.#waiting.delete(check)
          resolve()
        }
        this.#waiting.add(check)
      })
    }
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

/**
 * A promise, as it is written down: `check` is given a started broker whose channels keep `history`, and those in
 * `histories` what stands there.
 */
export interface BrokerContractEntry {
  readonly name: string
  readonly history?: ContractHistory
  readonly histories?: ChannelHistories
  check(probe: BrokerProbe): Promise<void>
}
