import type { BrokerListener } from '@wigwag/hub'

/** A broker's listener that cares for what is given alone. */
export function listenerOf(listener: Partial<BrokerListener> = {}): BrokerListener {
  return {
    publication: () => {},
    missed: () => {},
    historyOf: () => undefined,
    joined: () => {},
    left: () => {},
    control: () => {},
    ...listener,
  }
}
