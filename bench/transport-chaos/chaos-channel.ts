/** The one channel. */
export const CHANNEL = 'chaos'
/** Below this path of a base URL a proxy lets through every second WebSocket. */
export const SOME_UPGRADES = '/some-upgrades/'
/** How soon subscribers come back, in milliseconds. */
export const RETRY_MS = 50

/** What is published: the `number`th of a publisher. */
export type ChaosData = readonly [publisher: number, number: number]

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
