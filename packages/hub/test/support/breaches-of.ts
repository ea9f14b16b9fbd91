import { ContractBreach } from '@wigwag/hub/testing'

/** Which cases of a contract what `run` is given breaks, and how. What else goes wrong is thrown. */
export async function breachesOf<Case extends { readonly name: string }>(
  contract: readonly Case[],
  run: (each: Case) => Promise<void>,
): Promise<string[]> {
  const found: string[] = []
  for (const each of contract) {
    try {
      await run(each)
    } catch (error) {
      if (!(error instanceof ContractBreach)) throw error
      found.push(`${each.name}: ${error.message}`)
    }
  }
  return found
}
