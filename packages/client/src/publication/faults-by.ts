import type { Json, PublicationPacket } from '@wigwag/protocol'
import { ClientError } from '../error/client-error.ts'

/** Says what is wrong with data of a channel; nothing, where they are what they must be. */
export type PublicationCheck = (channel: string, data: Json) => string | undefined

/** The same of a publication, as an error. */
export type FaultOf = (channel: string, packet: PublicationPacket) => ClientError | undefined

/** Faults that a check finds. What it throws is one. */
export function faultsBy(check: PublicationCheck): FaultOf {
  return (channel, { data }) => {
    let fault: string | undefined
    try {
      fault = check(channel, data)
    } catch (cause) {
      fault = `data could not be checked: ${cause}`
    }
    return fault === undefined ? undefined : new ClientError('ERR_PUBLICATION_INVALID', `${channel} ${fault}`)
  }
}
