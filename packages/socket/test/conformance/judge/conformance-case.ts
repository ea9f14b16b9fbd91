import type { Role } from '@wigwag/socket/core'
import type { Step } from './step.ts'

/** How a subject is to be set up for a case. What a subject cannot be told makes the case none of its business. */
export interface SubjectOptions {
  readonly maxMessageBytes?: number
  readonly maxFrameBytes?: number
  readonly maxFragments?: number
  readonly maxControlFramesPerSecond?: number
  readonly maxHeaderBytes?: number
  readonly closeTimeoutMs?: number
  readonly handshakeTimeoutMs?: number
  /** Subprotocols that a server speaks or a client offers. */
  readonly subprotocols?: readonly string[]
  /** Compression (RFC 7692): accepted by a server, offered by a client. Default: off for both. */
  readonly compression?: CompressionOptions
}

/** RFC 7692 as a subject is told of it; what is left out has the subject's default. */
export interface CompressionOptions {
  readonly serverNoContextTakeover?: boolean
  readonly clientNoContextTakeover?: boolean
  readonly serverMaxWindowBits?: number
  readonly clientMaxWindowBits?: number
  readonly thresholdBytes?: number
}

/** One thing that a specification says, and what is done on the wire to see whether a peer does it. */
export interface ConformanceCase {
  /** Where it is said: one of `SECTIONS`. */
  readonly section: string
  /** Reads on from the section: "a frame with RSV1 set is refused". */
  readonly title: string
  /** The roles of the peer that is judged. */
  readonly roles: readonly Role[]
  readonly options?: SubjectOptions
  /**
   * `'network'`: it needs a transport whose bytes take time. `'memory'`: it is about what an HTTP parser that the subject
   * stands upon may decide otherwise.
   */
  readonly over?: 'network' | 'memory'
  /** `true`: the case begins before the opening handshake; otherwise the judge has done that properly. */
  readonly fromTheStart?: boolean
  /** Each is played on a connection of its own. */
  readonly exchanges: readonly (readonly Step[])[]
}

/** What a case is called: the same on every transport. */
export function describeCase({ section, title }: ConformanceCase): string {
  return `${section}: ${title}`
}
