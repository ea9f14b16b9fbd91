import type { BrokerListener } from '../index.ts'

/** What a broker is started with in tests of it: a listener that cares for what is given alone. */
export function listenerOf(listener: Partial<BrokerListener> = {}): BrokerListener {
  return {
    hub: '',
    publication: () => {},
    missed: () => {},
    historyOf: () => undefined,
    joined: () => {},
    left: () => {},
    control: () => {},
    ...listener,
  }
}
