import { CliError, ExitCode } from '../cli-error.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { checkListening, type ListeningOptions } from '../listening/listening-options.ts'

/** What `wigwag serve` was asked to do. */
export interface ServeOptions extends ListeningOptions {
  readonly basePath: string
  readonly maxAddressConnections: number
  readonly maxAddressRequests: number
  readonly maxAddressBurst: number
  readonly exemptAddress?: readonly string[]
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
  /** In how much time everybody leaves on a signal, in milliseconds. */
  readonly drain: number
}

/** Refuses combinations that would surprise: a server open to the world, half of a certificate, a part longer than the whole. */
export function checkServeOptions(options: ServeOptions): void {
  const { host, port, redis, redisBridge } = options
  const whoMay = (where: string): string =>
    `--host ${where} lets anyone who reaches this machine publish and subscribe: no authentication is configured. ` +
    'Leave --host out to serve this machine only, or add --insecure if that is what you want.'
  checkListening(options, listenAddresses(host, port), whoMay)
  if (Array.isArray(redisBridge) && redis === undefined) {
    throw new CliError('--redis-bridge says what Redis lets through: say where it is with --redis.', ExitCode.usage)
  }
}
