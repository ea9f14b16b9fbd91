import type { ClientInfo } from '@wigwag/protocol'
import type {
  Announcement,
  Broker,
  BrokerListener,
  BrokerStatus,
  History,
  HistoryRange,
  HistoryStart,
  Publication,
  PublicationData,
  PublishOptions,
} from '../index.ts'

/** A broker that leaves everything to another one: for those of tests, which do some of it in their own way. */
export class ForwardingBroker implements Broker {
  protected readonly inner: Broker

  constructor(inner: Broker) {
    this.inner = inner
  }

  get status(): BrokerStatus {
    return this.inner.status
  }

  start(listener: BrokerListener): Promise<void> {
    return this.inner.start(listener)
  }

  publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication> {
    return this.inner.publish(channel, data, options)
  }

  subscribe(channel: string): Promise<void> {
    return this.inner.subscribe(channel)
  }

  unsubscribe(channel: string): Promise<void> {
    return this.inner.unsubscribe(channel)
  }

  history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    return this.inner.history(channel, from, range)
  }

  removeHistory(channel: string): Promise<void> {
    return this.inner.removeHistory(channel)
  }

  announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    return this.inner.announce(channel, kind, info)
  }

  tell(message: string, hub?: string): Promise<boolean> {
    return this.inner.tell(message, hub)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
