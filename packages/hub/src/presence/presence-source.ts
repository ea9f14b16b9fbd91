import type { PresenceStore } from './presence-store.ts'

/** A broker that can keep presence, too, where it keeps streams: for all hubs that share it. */
export interface PresenceSource {
  /** Makes a store; nothing is connected to before it is asked. Whoever has it closes it. */
  createPresenceStore(): PresenceStore
}
