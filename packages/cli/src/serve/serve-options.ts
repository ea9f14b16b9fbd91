import { isLoopbackAddress } from '@wigwag/socket'
import { CliError, ExitCode } from '../cli-error.ts'

/** What `wigwag serve` was asked to do. */
export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly insecure?: boolean
  readonly allowOrigin?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly trustedProxy?: readonly string[]
  readonly basePath: string
  readonly maxConnections: number
  readonly maxAddressConnections: number
  readonly maxAddressRequests: number
  readonly maxAddressBurst: number
  readonly exemptAddress?: readonly string[]
  readonly headerTimeout: number
  readonly requestTimeout: number
  readonly maxHeader: number
  readonly historySize: number
  readonly historyTtl: number
  readonly maxPublication: number
  readonly compress?: boolean
  readonly pingInterval: number
  readonly redis?: string
  readonly redisPrefix: string
  /** Patterns; `false` for none; left out for all, as long as there is no authentication. */
  readonly redisBridge?: readonly string[] | false
  readonly maxPollWait: number
  readonly apiKey?: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  /** In how much time everybody leaves on a signal, in milliseconds. */
  readonly drain: number
  readonly logLevel: string
}

/** Refuses combinations that would surprise: a server open to the world, half of a certificate, a part longer than the whole. */
export function checkServeOptions(options: ServeOptions): void {
  const { host, insecure, tlsCert, tlsKey, headerTimeout, requestTimeout, redis, redisBridge } = options
  if (!isLoopbackAddress(host) && insecure !== true) {
    throw new CliError(
      `--host ${host} lets anyone who reaches this machine publish and subscribe: no authentication is configured. ` +
        'Leave --host out to serve this machine only, or add --insecure if that is what you want.',
      ExitCode.usage,
    )
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CliError('--tls-cert and --tls-key go together: give both, or neither.', ExitCode.usage)
  }
  if (Array.isArray(redisBridge) && redis === undefined) {
    throw new CliError('--redis-bridge says what Redis lets through: say where it is with --redis.', ExitCode.usage)
  }
  if (headerTimeout > requestTimeout) {
    throw new CliError(
      `--header-timeout (${headerTimeout} ms) is part of --request-timeout (${requestTimeout} ms), and cannot be longer.`,
      ExitCode.usage,
    )
  }
}
