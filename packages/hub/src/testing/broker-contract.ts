import { announcementCases } from './broker-contract-announcements.ts'
import { channelHistoryCases } from './broker-contract-channel-history.ts'
import { detailCases } from './broker-contract-details.ts'
import { historyCases } from './broker-contract-history.ts'
import { idempotencyCases } from './broker-contract-idempotency.ts'
import { listenerCases } from './broker-contract-listener.ts'
import { offsetCases } from './broker-contract-offsets.ts'
import { outageCases } from './broker-contract-outage.ts'
import { rangeCases } from './broker-contract-range.ts'
import { removalCases } from './broker-contract-removal.ts'
import { type BrokerFactory, BrokerProbe, type ContractHistory } from './broker-subject.ts'

/** One promise of the contract. `run` makes a broker, holds it to the promise, and closes it; it throws `ContractBreach`. */
export interface BrokerContractCase {
  readonly name: string
  run(create: BrokerFactory): Promise<void>
}

const HISTORY: ContractHistory = { size: 100, ttlMs: 60_000 }

/**
 * What every broker promises, one case each. With any test runner:
 * `for (const { name, run } of brokerContract) test(name, () => run(createMyBroker))`.
 * A case that waits for what never comes does not end: give it a time limit.
 */
export const brokerContract: readonly BrokerContractCase[] = [
  ...offsetCases,
  ...listenerCases,
  ...detailCases,
  ...historyCases,
  ...rangeCases,
  ...channelHistoryCases,
  ...removalCases,
  ...idempotencyCases,
  ...announcementCases,
  ...outageCases,
].map(({ name, history = HISTORY, histories = {}, check }) => ({
  name,
  async run(create: BrokerFactory): Promise<void> {
    const subject = await create(history)
    const probe = await BrokerProbe.start(subject, subject.broker, histories)
    try {
      await check(probe)
    } finally {
      await probe.broker.close()
    }
  },
}))
