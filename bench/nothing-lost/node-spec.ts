import type { Sabotage } from './scenario.ts'

/** What a node is to be. */
export interface NodeSpec {
  readonly port: number
  readonly redisUrl: string
  readonly historySize: number
  readonly sabotage: Sabotage
}

/** What a node tells. */
export interface NodeListening {
  readonly kind: 'listening'
}
