import { ProgramsError } from '@wigwag/programs/bridge'
import { UsageError } from '@wigwag/socket'
import { Command, Option } from 'commander'
import { collect, parseDrain, parseHeader, parseLimit } from '../argument-parsers.ts'
import { type BridgeCommandOptions, checkBridgeOptions, leadsToWebSocket } from '../bridge/bridge-command-options.ts'
import { InwardBridge } from '../bridge/inward-bridge.ts'
import { logBridgeEvent } from '../bridge/log-bridge-event.ts'
import { OutwardBridge } from '../bridge/outward-bridge.ts'
import { CLOSE_MS, type RunningBridge } from '../bridge/running-bridge.ts'
import { CliError, ExitCode } from '../cli-error.ts'
import { createLog } from '../listening/create-log.ts'
import { exitOnSignal } from '../listening/exit-on-signal.ts'
import { parseListenAddress } from '../listening/listen-address.ts'
import { addDoorOptions, addServerOptions, addSocketOptions, duration } from '../listening/listening-options.ts'

const HELP = `
Bytes pass as they are, in binary messages of any size. Where --to is a WebSocket, TCP comes in; otherwise WebSockets do.

Try it:
  wigwag bridge --listen 8080 --to 127.0.0.1:6379          Redis for whoever has a WebSocket
  wigwag bridge --listen 6380 --to ws://localhost:8080     and for whoever has not: redis-cli -p 6380
  wigwag bridge --listen 6080 --to localhost:5900 --static /usr/share/novnc
                                                           a screen in the browser: http://localhost:6080/vnc.html
  wigwag bridge --listen 8080 --allow 127.0.0.1:5900 --allow 127.0.0.1:5901
                                                           clients choose: ws://localhost:8080/?target=127.0.0.1:5901

Whoever comes in may do what the target lets this machine do. So it listens on 127.0.0.1 only, unless --listen says
otherwise together with --credential or --insecure, and lets in only pages of its own origin, unless --allow-origin names
others. Between two bridges each direction ends by itself; with other clients the first end closes both. docs/bridge.md has
the rest, and a table for who comes from websockify.`

/** `wigwag bridge`. */
export function bridgeCommand(): Command {
  const command = new Command('bridge')
    .description('Join WebSockets with TCP ports or unix sockets, in either direction.')
    .addOption(
      new Option('-l, --listen <where>', 'a port on 127.0.0.1, HOST:PORT or unix:/path; port 0 takes any free one')
        .argParser(parseListenAddress)
        .makeOptionMandatory(),
    )
    .option('-t, --to <where>', 'HOST:PORT or unix:/path; or ws://… to take TCP in')
    .option('--allow <where>', 'a target that clients may name with ?target= (repeatable)', collect)
    .option('--static <folder>', 'serve the files of this folder as well: pages that use the bridge')
    .option('-s, --subprotocol <name>', 'speak (or offer) this subprotocol only (repeatable)', collect)
    .option('--insecure', 'allow a public address although nobody is asked for a password')
    .addOption(
      new Option('--credential <name:password>', 'let in who knows this name and password (repeatable)')
        .env('WIGWAG_CREDENTIAL')
        .argParser(collect),
    )
  addDoorOptions(command)
  command
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
  addServerOptions(addSocketOptions(command), 1_000)
  return command.addHelpText('after', HELP).action(bridge)
}

async function bridge(options: BridgeCommandOptions): Promise<void> {
  checkBridgeOptions(options)
  const log = createLog(options.logLevel)
  const running = createBridge(options, log)
  const begin = exitOnSignal(log, { closeMs: CLOSE_MS, close: () => running.close() })
  const where = await begin(running.listen())
  process.stdout.write(`Wigwag bridges ${where} to ${options.to ?? (options.allow ?? []).join(', ')}\nStop: Ctrl-C\n`)
  log.info({ where }, 'listening')
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
