// The page: one subscriber over each transport, which keep account of what they are told.
import { Account, type AccountReport, type ChaosGoal } from './account.ts'
import { FOLLOWERS } from './page-followers.ts'

/** What the page does, asked from outside. */
export interface ChaosPage {
  /** Follows over each transport, at the base URL that stands beside its name; resolves when all know where they stand. */
  start(bases: Readonly<Record<string, string>>): Promise<void>
  /** Resolves when everybody has been told everything, or `timeoutMs` are over. */
  finish(goal: ChaosGoal, timeoutMs: number): Promise<readonly AccountReport[]>
}

const accounts: Account[] = []
const page: ChaosPage = {
  async start(bases) {
    for (const [transport, base] of Object.entries(bases)) {
      const account = new Account(transport)
      accounts.push(account)
      FOLLOWERS[transport]?.(base, account)
    }
    await until(() => accounts.every(({ after }) => after !== undefined))
  },
  async finish(goal, timeoutMs) {
    const deadlineMs = performance.now() + timeoutMs
    await until(() => accounts.every((account) => account.hasReached(goal)) || performance.now() > deadlineMs)
    return accounts.map((account) => account.report(goal))
  },
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10))
}

Object.assign(globalThis, { chaos: page })
