import { CliError, ExitCode } from '../cli-error.ts'
import type { ListenAddress } from '../listening/listen-address.ts'
import { checkListening, type ListeningOptions } from '../listening/listening-options.ts'

/** What `wigwag bridge` was asked to do. */
export interface BridgeCommandOptions extends Omit<ListeningOptions, 'host' | 'port' | 'redirectPort'> {
  readonly listen: ListenAddress
  readonly to?: string
  readonly allow?: readonly string[]
  readonly credential?: readonly string[]
  readonly static?: string
  readonly subprotocol?: readonly string[]
  readonly header?: Readonly<Record<string, string>>
  readonly ca?: string
  readonly connectTimeout: number
  readonly idleTimeout: number
  readonly linger: number
  readonly pingInterval: number
  readonly maxMessage: number
}

/** Whether it takes TCP in and has WebSockets go out, rather than the other way. */
export function leadsToWebSocket({ to }: BridgeCommandOptions): boolean {
  return to !== undefined && /^(wss?|https?):\/\//i.test(to)
}

/** Options that have a meaning where WebSockets come in, and those where they go out. */
const INWARD = [
  'allow',
  'static',
  'credential',
  'allowOrigin',
  'allowHost',
  'trustedProxy',
  'tlsCert',
  'tlsKey',
  'tlsClientCa',
] as const
const OUTWARD = ['header', 'ca'] as const

/** Refuses what would surprise: a bridge that is open to the world, one that leads nowhere, options without an effect. */
export function checkBridgeOptions(options: BridgeCommandOptions): void {
  const { listen, to, allow, credential } = options
  const isOutward = leadsToWebSocket(options)
  if (to === undefined && allow === undefined) {
    throw usage(
      'Say where it leads: --to HOST:PORT, --to unix:/path, --to ws://…, or --allow for clients that name it.',
    )
  }
  const idle = (isOutward ? INWARD : OUTWARD).find((name) => options[name] !== undefined)
  if (idle !== undefined) {
    const flag = idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw usage(`--${flag} has no meaning where ${isOutward ? 'TCP comes in' : 'WebSockets come in'}.`)
  }
  const whoMay = (where: string): string =>
    `--listen ${where} lets anyone who reaches this machine through to ${to ?? 'what is allowed'}. ` +
    (isOutward
      ? 'Listen on 127.0.0.1, or add --insecure if that is what you want.'
      : 'Say who may with --credential NAME:PASSWORD, listen on 127.0.0.1, or add --insecure if that is what you want.')
  checkListening(options, [listen], credential === undefined ? whoMay : undefined)
}

function usage(what: string): CliError {
  return new CliError(what, ExitCode.usage)
}
