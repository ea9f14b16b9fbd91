import type { BridgeEvent } from '@wigwag/programs/bridge'
import type { Logger } from 'pino'

/** Writes who comes and goes to a log. What they say is in no event. */
export function logBridgeEvent(log: Logger, { type, ...event }: BridgeEvent): void {
  if (type === 'refused') log.warn(event, type)
  else log.info(event, type)
}
