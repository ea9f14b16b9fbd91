import { everyBranch } from './src/every-branch.ts'

export const results: string[] = []

export function fuzz(input: Uint8Array): void {
  results.push(everyBranch((input[0] ?? 0) - 1))
}

export const seeds: Record<string, Uint8Array> = {}
