import { Command, Option } from 'commander'
import { pino } from 'pino'
import {
  collect,
  collectAddresses,
  collectHosts,
  collectNames,
  collectOrigins,
  collectProgramOrigins,
  parseCount,
  parseDrain,
  parseDuration,
  parseHeader,
  parseLimit,
  parsePort,
} from '../argument-parsers.ts'
import { checkExecOptions, type ExecCommandOptions } from '../exec/exec-command-options.ts'
import { ExecServer } from '../exec/exec-server.ts'
import { keepHeapFlat } from '../exec/flat-heap.ts'
import { logExecEvent } from '../exec/log-exec-event.ts'
import { exitOnSignal } from '../serve/shutdown.ts'

const HELP = `
Each WebSocket gets a program of its own: a line that it writes is a message, a message is a line that it reads. It sees who
came in as a CGI program does: REMOTE_ADDR, QUERY_STRING, HTTP_COOKIE and so on. Its exit status is the close code: 1000 for
0, 4003 for 3. When the client leaves, its input ends; what is left then gets SIGINT, SIGTERM and SIGKILL.

With --mode shared one program runs for all. Its output is a channel: GET /channel/output has it as an event stream, by polls,
and for a WebSocket with positions, as wigwag serve does. It is started again when it fails.

Try it:
  wigwag exec --mode shared --page chart -- vmstat 1
  wigwag exec --page log -- ping localhost
  wigwag exec -- sh -c 'for i in 1 2 3; do echo $i; sleep 1; done'
  wigwag connect ws://localhost:8080

No shell reads the command, and nothing of a URL becomes an argument. It listens on 127.0.0.1 only, unless --host says
otherwise together with --credential, --decided-by program or --insecure, and lets in only pages of its own origin, unless
--origin names others. docs/exec.md has the rest, and a table for who comes from websocketd.`

/** `wigwag exec`. */
export function execCommand(): Command {
  return new Command('exec')
    .description('Put any program on the web: its stdin and stdout as a WebSocket.')
    .argument('[command...]', 'the program and its arguments, behind --')
    .passThroughOptions()
    .option('-p, --port <number>', 'port to listen on; 0 takes any free one', parsePort, 8080)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--insecure', 'allow a public --host although nobody decides who may come in')
    .addOption(
      new Option('--credential <name:password>', 'let in who knows this name and password (repeatable)')
        .env('WIGWAG_CREDENTIAL')
        .argParser(collect),
    )
    .addOption(
      new Option(
        '--decided-by <who>',
        'program: it begins with "Status: 101" and an empty line, or refuses, as in "Status: 403"',
      )
        .choices(['server', 'program'])
        .default('server'),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'per-connection: a program for each WebSocket; pool: the same, started before it comes; shared: one for all',
      )
        .choices(['per-connection', 'shared', 'pool'])
        .default('per-connection'),
    )
    .addOption(
      new Option('--page <page>', 'what / shows: the lines with search, or the numbers in them over time').choices([
        'log',
        'chart',
      ]),
    )
    .option('--warm <count>', 'pool: how many programs wait for a client', parseLimit, 4)
    .option('--request-line', 'tell a program of its client in the first line of its input, as JSON')
    .option('--channel <name>', 'shared: the channel of its output, at /channel/NAME', 'output')
    .option('--history <count>', 'shared: how many of the last messages who comes later is sent', parseCount, 100)
    .option('--input', 'shared: what clients send is its input')
    .addOption(
      new Option('--restart <when>', 'shared: when it is started again')
        .choices(['never', 'on-failure', 'always'])
        .default('on-failure'),
    )
    .option('--binary', 'bytes as they come, rather than lines')
    .option('--dir <folder>', 'a folder of programs: /NAME runs the file NAME')
    .option('--static <folder>', 'serve the files of this folder as well')
    .option('--cgi <folder>', 'let the programs of this folder answer plain requests (CGI)')
    .option('--cwd <folder>', "the programs' working directory")
    .option(
      '--pass-env <names>',
      'pass these variables on, between commas (default: PATH, LD_LIBRARY_PATH)',
      collectNames,
    )
    .option('--pass-stderr', 'send stderr as well: messages are {"stream":"stdout|stderr","data":"…"}')
    .option('--max-processes <count>', 'most programs that run at once; above it 429; 0 sets no limit', parseCount, 256)
    .option('--max-line <bytes>', 'longest line that a program may write', parseLimit, 1024 * 1024)
    .option('--max-message <bytes>', 'largest message accepted', parseLimit, 1024 * 1024)
    .addOption(wait('--close-wait', 'how long a program has when its input has ended, before SIGINT', 100))
    .addOption(wait('--interrupt-wait', 'how long after SIGINT, before SIGTERM', 250))
    .addOption(wait('--terminate-wait', 'how long after SIGTERM, before SIGKILL', 500))
    .option(
      '--origin <list>',
      'let pages of these in as well: [scheme://]host[:port] between commas; * for all',
      collectProgramOrigins,
    )
    .addOption(
      new Option('--allow-origin <origin>', 'the same, one by one, as wigwag serve has it').argParser(collectOrigins),
    )
    .option('--allow-host <name>', 'answer to this Host name as well (repeatable; * for all)', collectHosts)
    .option(
      '--trusted-proxy <address>',
      'believe X-Forwarded-For and -Host of this address, subnet (10.0.0.0/8) or loopback (repeatable)',
      collectAddresses,
    )
    .option('--reverse-lookup', 'set REMOTE_HOST to the name of the client')
    .addOption(
      new Option('--ping-interval <duration>', 'silence after which a client is pinged; 0 sends none')
        .argParser(parseDrain)
        .default(25_000, '25s'),
    )
    .option('--header <header>', 'add this header to every answer, "Name: value" (repeatable)', parseHeader)
    .option('--header-ws <header>', 'to those that open a WebSocket (repeatable)', parseHeader)
    .option('--header-http <header>', 'to all others (repeatable)', parseHeader)
    .option('--max-connections <count>', 'most connections in total; above it 503', parseLimit, 10_000)
    .addOption(
      new Option('--header-timeout <duration>', 'how long a request head may take to come; then 408')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--request-timeout <duration>', 'how long a whole request may take to come; then 408')
        .argParser(parseDuration)
        .default(30_000, '30s'),
    )
    .option('--max-header <bytes>', 'largest request head accepted; above it 431', parseLimit, 16 * 1024)
    .option('--tls-cert <file>', 'serve https: certificate chain (PEM)')
    .option('--tls-key <file>', 'serve https: private key (PEM)')
    .addOption(
      new Option('--log-level <level>', 'what is logged, to stderr as JSON')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .addHelpText('after', HELP)
    .action(exec)
}

function wait(flag: string, what: string, defaultMs: number): Option {
  return new Option(`${flag} <duration>`, what).argParser(parseDrain).default(defaultMs, `${defaultMs}ms`)
}

async function exec(command: readonly string[], options: ExecCommandOptions): Promise<void> {
  checkExecOptions(options, command)
  keepHeapFlat()
  const log = pino(
    { level: options.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  )
  const server = new ExecServer(options, command, (event) => logExecEvent(log, event))
  const url = await server.listen()
  process.stdout.write(describeServed(url, command, options))
  log.info({ url }, 'listening')
  exitOnSignal(server.closeMs, async (signal) => {
    log.info({ signal, processes: server.processes }, 'shutting down; a second signal exits at once')
    await server.close()
    log.info('closed')
  })
}

function describeServed(url: string, command: readonly string[], options: ExecCommandOptions): string {
  const webSocketUrl = url.replace(/^http/, 'ws')
  const { page, dir, cgi } = options
  const what = dir ?? (command.length > 0 ? command.join(' ') : cgi)
  const where = page === undefined ? webSocketUrl : `${webSocketUrl}, and shows it at ${url}`
  return `Wigwag runs ${what} at ${where}\nTry:  wigwag connect ${webSocketUrl}     Stop: Ctrl-C\n`
}
