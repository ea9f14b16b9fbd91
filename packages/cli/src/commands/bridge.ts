import { ProgramsError } from '@wigwag/programs/bridge'
import { UsageError } from '@wigwag/socket'
import { Command, Option } from 'commander'
import { pino } from 'pino'
import {
  collect,
  collectAddresses,
  collectHosts,
  collectOrigins,
  parseDrain,
  parseDuration,
  parseHeader,
  parseLimit,
} from '../argument-parsers.ts'
import { type BridgeCommandOptions, checkBridgeOptions, leadsToWebSocket } from '../bridge/bridge-command-options.ts'
import { InwardBridge } from '../bridge/inward-bridge.ts'
import { parseListenAddress } from '../bridge/listen-address.ts'
import { logBridgeEvent } from '../bridge/log-bridge-event.ts'
import { OutwardBridge } from '../bridge/outward-bridge.ts'
import type { RunningBridge } from '../bridge/running-bridge.ts'
import { CliError, ExitCode } from '../cli-error.ts'
import { exitOnSignal } from '../serve/shutdown.ts'

const HELP = `
Bytes pass as they are, in binary messages of any size. Where --to is a WebSocket, TCP comes in; otherwise WebSockets do.

Try it:
  wigwag bridge --listen 8080 --to 127.0.0.1:6379          Redis for whoever has a WebSocket
  wigwag bridge --listen 6380 --to ws://localhost:8080     and for whoever has not: redis-cli -p 6380
  wigwag bridge --listen 8080 --allow 127.0.0.1:5900 --allow 127.0.0.1:5901
                                                           clients choose: ws://localhost:8080/?target=127.0.0.1:5901

Whoever comes in may do what the target lets this machine do. So it listens on 127.0.0.1 only, unless --listen says
otherwise together with --credential or --insecure, and lets in only pages of its own origin, unless --allow-origin names
others. Between two bridges each direction ends by itself; with other clients the first end closes both. docs/bridge.md has
the rest, and a table for who comes from websockify.`

/** `wigwag bridge`. */
export function bridgeCommand(): Command {
  return new Command('bridge')
    .description('Join WebSockets with TCP ports or unix sockets, in either direction.')
    .addOption(
      new Option('-l, --listen <where>', 'a port on 127.0.0.1, HOST:PORT or unix:/path; port 0 takes any free one')
        .argParser(parseListenAddress)
        .makeOptionMandatory(),
    )
    .option('-t, --to <where>', 'HOST:PORT or unix:/path; or ws://… to take TCP in')
    .option('--allow <where>', 'a target that clients may name with ?target= (repeatable)', collect)
    .option('-s, --subprotocol <name>', 'speak (or offer) this subprotocol only (repeatable)', collect)
    .option('--insecure', 'allow a public address although nobody is asked for a password')
    .addOption(
      new Option('--credential <name:password>', 'let in who knows this name and password (repeatable)')
        .env('WIGWAG_CREDENTIAL')
        .argParser(collect),
    )
    .option('--allow-origin <origin>', 'let pages of this origin in as well (repeatable; * for all)', collectOrigins)
    .option('--allow-host <name>', 'answer to this Host name as well (repeatable; * for all)', collectHosts)
    .option(
      '--trusted-proxy <address>',
      'believe X-Forwarded-For and -Host of this address, subnet (10.0.0.0/8) or loopback (repeatable)',
      collectAddresses,
    )
    .option(
      '-H, --header <header>',
      'send this header to the WebSocket server, "Name: value" (repeatable)',
      parseHeader,
    )
    .option('--ca <file>', 'trust this certificate authority as well (PEM)')
    .addOption(duration('--connect-timeout', 'how long the other end may take to be connected', 5_000, '5s'))
    .addOption(
      new Option('--idle-timeout <duration>', 'close what has carried nothing for so long; 0 never does')
        .argParser(parseDrain)
        .default(0, '0'),
    )
    .addOption(duration('--linger', 'how long a target may take to end when its client has left', 5_000, '5s'))
    .addOption(
      new Option('--ping-interval <duration>', 'silence after which a WebSocket is pinged; 0 sends none')
        .argParser(parseDrain)
        .default(25_000, '25s'),
    )
    .option('--max-message <bytes>', 'largest message accepted; above it 1009', parseLimit, 1024 * 1024)
    .option('--max-connections <count>', 'most connections in total; above it 503', parseLimit, 1_000)
    .addOption(duration('--header-timeout', 'how long a request head may take to come; then 408', 10_000, '10s'))
    .addOption(duration('--request-timeout', 'how long a whole request may take to come; then 408', 30_000, '30s'))
    .option('--max-header <bytes>', 'largest request head accepted; above it 431', parseLimit, 16 * 1024)
    .option('--tls-cert <file>', 'serve wss: certificate chain (PEM)')
    .option('--tls-key <file>', 'serve wss: private key (PEM)')
    .addOption(
      new Option('--log-level <level>', 'what is logged, to stderr as JSON')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .addHelpText('after', HELP)
    .action(bridge)
}

function duration(flag: string, what: string, defaultMs: number, shown: string): Option {
  return new Option(`${flag} <duration>`, what).argParser(parseDuration).default(defaultMs, shown)
}

/** How long the goodbyes may take, in milliseconds: that of a WebSocket, and what a target is given behind it. */
const CLOSE_MS = 6_000

async function bridge(options: BridgeCommandOptions): Promise<void> {
  checkBridgeOptions(options)
  const log = pino(
    { level: options.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  )
  const running = createBridge(options, log)
  const where = await running.listen()
  process.stdout.write(`Wigwag bridges ${where} to ${options.to ?? (options.allow ?? []).join(', ')}\nStop: Ctrl-C\n`)
  log.info({ where }, 'listening')
  exitOnSignal(CLOSE_MS, async (signal) => {
    log.info({ signal }, 'shutting down; a second signal exits at once')
    await running.close()
    log.info('closed')
  })
}

function createBridge(options: BridgeCommandOptions, log: Parameters<typeof logBridgeEvent>[0]): RunningBridge {
  const Bridge = leadsToWebSocket(options) ? OutwardBridge : InwardBridge
  try {
    return new Bridge(options, (event) => logBridgeEvent(log, event))
  } catch (error) {
    // What the library says of options, in words of the command line.
    if (error instanceof ProgramsError || error instanceof UsageError) throw new CliError(error.message, ExitCode.usage)
    throw error
  }
}
