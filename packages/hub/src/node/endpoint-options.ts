import type { IncomingMessage } from 'node:http'
import {
  type Admission,
  type AdmissionOptions,
  type HostPolicy,
  type OriginPolicy,
  type PerMessageDeflateOptions,
  type Refusal,
  resolveAdmission,
} from '@wigwag/socket'
import { checkNumberOption } from '../broker/history-options.ts'
import { type ApiOptions, type ResolvedApiOptions, resolveApiOptions } from './api/api-options.ts'
import { checkBasePath } from './channel-url.ts'
import type { Tickets } from './tickets.ts'

/** What somebody wants to do with a channel. */
export interface ChannelRequest {
  readonly action: 'publish' | 'subscribe'
  readonly channel: string
  /** The client's address; behind a trusted proxy what that says of it. */
  readonly remoteAddress: string
  /** The HTTP request that asks, or that opened the socket which asks. */
  readonly incoming: IncomingMessage
}

/** Lets it happen for a while. */
export interface ChannelGrant {
  /** Until when, in milliseconds since 1970: a subscription ends then, within a second. Absent: as long as it lasts. */
  readonly expiresAt?: number
}

/** `true` or a grant lets it happen, `false` is 403, and `refuse(401, …)` says more. */
export type ChannelDecision = boolean | ChannelGrant | Refusal

/** How channels are served over HTTP and WebSocket. */
export interface ChannelEndpointOptions extends AdmissionOptions {
  /**
   * Decides who may publish and subscribe by a channel's URL. Default: what the hub's `authenticate` and `namespaces` say,
   * as for sessions; where it has neither, everybody the origin and Host policies let through.
   */
  readonly authorize?: (request: ChannelRequest) => ChannelDecision | PromiseLike<ChannelDecision>
  /** How long `authorize` may take, in milliseconds. Default 10,000. After that: 503. */
  readonly authorizeTimeoutMs?: number
  /** One-time tickets that stand for credentials: `?ticket=` in the URL of a channel or of a session. Default: none. */
  readonly tickets?: Tickets
  /** How servers reach the hub over HTTP: `POST /api/METHOD` with a key. Default: not at all. */
  readonly api?: ApiOptions
  /** Which web pages may use the channels: `'same-origin'` (default), a list of origins besides it, or `'any'`. Others get 403. */
  readonly allowOrigins?: OriginPolicy
  /** Which `Host` names are answered. Default: loopback names when listening on loopback, any otherwise. Others get 403. */
  readonly allowHosts?: HostPolicy
  /** Counts that are shared with other servers, instead of `trustedProxies`, `addressLimits` and `maxConnections`. Default: counts of its own. */
  readonly admission?: Admission
  /** Below which path the channels are, as in `/push`: then a channel is at `/push/channel/NAME`. Default: none. */
  readonly basePath?: string
  /** How long the body of a publication may take to come, in milliseconds. Default 30,000. After that: 408, and the connection is closed. */
  readonly bodyTimeoutMs?: number
  /** Most bytes queued for a subscriber that reads slowly. Default 1 MiB. Above it: its connection ends (WebSocket: 1013), and it may come back and recover. */
  readonly maxQueuedBytes?: number
  /**
   * Whether WebSockets are compressed (RFC 7692) for clients that offer it: `true`, `false`, or how. Default `false`: it
   * costs time, and secrets beside text that somebody else chose can be guessed from sizes. Event streams and polls are not.
   */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Most publications of one WebSocket that the broker has not answered yet (count). Default 64. At it the socket is not read until there is an answer. */
  readonly maxUnansweredPublications?: number
  /** Longest that a long poll waits, in milliseconds; more is cut to it. Default 45,000, below the 50 and 60 s that proxies wait for an answer. */
  readonly maxPollWaitMs?: number
  /** Most bytes of publications in the answer to a poll. Default 1 MiB. What has no room comes with the next poll; one publication always goes. */
  readonly maxPollBytes?: number
  /** Largest body of a request of a session, its first and those to `/emulation`, in bytes. Default 64 KiB. Above it: 413. */
  readonly maxSessionRequestBytes?: number
  /** How long a client whose session is polled may take for its next poll, in milliseconds. Default 15,000. After that its session ends. */
  readonly sessionPollGapMs?: number
  /** Silence after which a WebSocket is pinged and an event stream gets a comment, in milliseconds, ±10 %. Default 25,000. */
  readonly pingIntervalMs?: number
}

/** `ChannelEndpointOptions` with every default filled in. */
export type ResolvedEndpointOptions = Required<
  Omit<ChannelEndpointOptions, 'allowHosts' | 'tickets' | 'api' | keyof AdmissionOptions>
> &
  Pick<ChannelEndpointOptions, 'allowHosts' | 'tickets'> & { readonly api?: ResolvedApiOptions }

const DEFAULTS = {
  authorize: () => true,
  authorizeTimeoutMs: 10_000,
  allowOrigins: 'same-origin',
  basePath: '',
  bodyTimeoutMs: 30_000,
  maxQueuedBytes: 1024 * 1024,
  perMessageDeflate: false,
  pingIntervalMs: 25_000,
  maxUnansweredPublications: 64,
  maxPollWaitMs: 45_000,
  maxPollBytes: 1024 * 1024,
  maxSessionRequestBytes: 64 * 1024,
  sessionPollGapMs: 15_000,
} as const

/** Fills in the defaults. Throws `HubError`, or `UsageError` of `Admission`, `ERR_OPTION` that names the option and what it takes. */
export function resolveEndpointOptions(options: ChannelEndpointOptions): ResolvedEndpointOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: ResolvedEndpointOptions = {
    ...DEFAULTS,
    ...given,
    ...(options.api && { api: resolveApiOptions(options.api) }),
    admission: resolveAdmission(options),
  }
  checkBasePath(resolved.basePath)
  checkNumberOption('authorizeTimeoutMs', resolved.authorizeTimeoutMs, 1)
  checkNumberOption('bodyTimeoutMs', resolved.bodyTimeoutMs, 1)
  checkNumberOption('maxQueuedBytes', resolved.maxQueuedBytes, 1)
  checkNumberOption('pingIntervalMs', resolved.pingIntervalMs, 1)
  checkNumberOption('maxUnansweredPublications', resolved.maxUnansweredPublications, 1)
  checkNumberOption('maxPollWaitMs', resolved.maxPollWaitMs, 0)
  checkNumberOption('maxPollBytes', resolved.maxPollBytes, 1)
  checkNumberOption('maxSessionRequestBytes', resolved.maxSessionRequestBytes, 1)
  checkNumberOption('sessionPollGapMs', resolved.sessionPollGapMs, 1)
  return resolved
}
