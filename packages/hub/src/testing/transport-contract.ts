import { deliveryCases } from './transport-contract-delivery.ts'
import { gapCases } from './transport-contract-gaps.ts'
import { lifeCases } from './transport-contract-life.ts'
import { resumingCases } from './transport-contract-resuming.ts'
import type { TransportFactory } from './transport-subject.ts'

/** One promise of the contract. `run` makes a subject and holds it to the promise; it throws `ContractBreach`. */
export interface TransportContractCase {
  readonly name: string
  run(create: TransportFactory): Promise<void>
}

const DEFAULTS = { historySize: 1000, maxQueuedBytes: 1024 * 1024, keepaliveMs: 25_000 }

/**
 * What every transport promises to whoever follows a channel over it, one case each. With any test runner:
 * `for (const { name, run } of transportContract) test(name, () => run(createMySubject))`.
 * A case that waits for what never comes does not end: give it a time limit.
 */
export const transportContract: readonly TransportContractCase[] = [
  ...deliveryCases,
  ...resumingCases,
  ...gapCases,
  ...lifeCases,
].map(({ name, options, check }) => ({
  name,
  run: async (create) => check(await create({ ...DEFAULTS, ...options })),
}))
