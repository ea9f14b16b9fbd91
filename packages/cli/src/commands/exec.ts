import { Command, Option } from 'commander'
import {
  collect,
  collectNames,
  collectProgramOrigins,
  parseCount,
  parseDrain,
  parseHeader,
  parseLimit,
} from '../argument-parsers.ts'
import { checkExecOptions, type ExecCommandOptions } from '../exec/exec-command-options.ts'
import { ExecServer } from '../exec/exec-server.ts'
import { keepHeapFlat } from '../exec/flat-heap.ts'
import { logExecEvent } from '../exec/log-exec-event.ts'
import { createLog } from '../listening/create-log.ts'
import { exitOnSignal } from '../listening/exit-on-signal.ts'
import { addAddressOptions, addDoorOptions, addServerOptions } from '../listening/listening-options.ts'

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
  const command = new Command('exec')
    .description('Put any program on the web: its stdin and stdout as a WebSocket.')
    .argument('[command...]', 'the program and its arguments, behind --')
    .passThroughOptions()
  addAddressOptions(command, 8080, 'allow a public --host although nobody decides who may come in')
  command
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
  addDoorOptions(command)
  command
    .option('--reverse-lookup', 'set REMOTE_HOST to the name of the client')
    .addOption(
      new Option('--ping-interval <duration>', 'silence after which a client is pinged; 0 sends none')
        .argParser(parseDrain)
        .default(25_000, '25s'),
    )
    .option('--header <header>', 'add this header to every answer, "Name: value" (repeatable)', parseHeader)
    .option('--header-ws <header>', 'to those that open a WebSocket (repeatable)', parseHeader)
    .option('--header-http <header>', 'to all others (repeatable)', parseHeader)
  addServerOptions(command, 10_000)
  return command.addHelpText('after', HELP).action(exec)
}

function wait(flag: string, what: string, defaultMs: number): Option {
  return new Option(`${flag} <duration>`, what).argParser(parseDrain).default(defaultMs, `${defaultMs}ms`)
}

async function exec(command: readonly string[], options: ExecCommandOptions): Promise<void> {
  checkExecOptions(options, command)
  keepHeapFlat()
  const log = createLog(options.logLevel)
  const server = new ExecServer(options, command, (event) => logExecEvent(log, event))
  const begin = exitOnSignal(log, server, () => ({ processes: server.processes }))
  const [url, ...others] = await begin(server.listen())
  process.stdout.write(describeServed([url, ...others], command, options))
  log.info({ url }, 'listening')
}

function describeServed(urls: readonly string[], command: readonly string[], options: ExecCommandOptions): string {
  const webSocketUrls = urls.map((url) => url.replace(/^http/, 'ws'))
  const { page, dir, cgi } = options
  const what = dir ?? (command.length > 0 ? command.join(' ') : cgi)
  const shown = page === undefined ? '' : `, and shows it at ${urls.join(' and ')}`
  const reachable = webSocketUrls.find((url) => url.startsWith('ws'))
  const trial = reachable === undefined ? '' : `Try:  wigwag connect ${reachable}     `
  return `Wigwag runs ${what} at ${webSocketUrls.join(' and ')}${shown}\n${trial}Stop: Ctrl-C\n`
}
