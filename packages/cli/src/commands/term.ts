import { Command, Option } from 'commander'
import type { Logger } from 'pino'
import { collect, collectNames, parseBasePath, parseCount, parseDrain, parseLimit } from '../argument-parsers.ts'
import { createLog } from '../listening/create-log.ts'
import { exitOnSignal } from '../listening/exit-on-signal.ts'
import { addAddressOptions, addDoorOptions, addServerOptions, type Letters } from '../listening/listening-options.ts'
import { collectClientOption } from '../term/client-option.ts'
import { parseSignal } from '../term/parse-signal.ts'
import { checkTermOptions, type TermCommandOptions } from '../term/term-command-options.ts'

const HELP = `
A page with a terminal at /, and a WebSocket at /ws that speaks ttyd's subprotocol, so that its clients work as well. Everybody
reads; with --writable they type, too.

Try it:
  wigwag term -- top                            look at it: http://localhost:7681
  wigwag term --writable --keep 10m -- bash     a shell that survives its browser: reload, and it goes on
  wigwag term --writable --shared -- tmux       everybody at one terminal, one writes at a time
  wigwag term --record demo.cast --once -- ./demo.sh

No shell reads the command, and nothing of a URL becomes an argument unless --url-arg says so. It listens on 127.0.0.1 only,
unless --host says otherwise together with --credential or --insecure, and lets in only pages of its own origin. docs/term.md has
the rest, and a table for who comes from ttyd.`

/** As ttyd has them. */
const LETTERS: Letters = {
  host: '-i, ',
  socketOwner: '-U, ',
  tlsCert: '-C, ',
  tlsKey: '-K, ',
  tlsClientCa: '-A, ',
}

/** `wigwag term`. */
export function termCommand(): Command {
  const command = new Command('term')
    .description('A terminal in the browser, with any program in it.')
    .argument('[command...]', 'the program and its arguments, behind --')
    .passThroughOptions()
  addAddressOptions(command, 7681, 'allow a public --host although nobody is asked for a password', LETTERS)
  command
    .addOption(
      new Option('-c, --credential <name:password>', 'let in who knows this name and password (repeatable)')
        .env('WIGWAG_CREDENTIAL')
        .argParser(collect),
    )
    .option('-W, --writable', 'let what is typed reach the program')
    .option('--shared', 'one program for all, instead of one for each')
    .addOption(
      new Option('--keep <duration>', 'keep a session for so long when nobody looks, to come back to')
        .argParser(parseDrain)
        .default(0, '0'),
    )
    .option('--record <file>', 'record to an asciicast file; further sessions get a number')
    .option('-a, --url-arg', 'let ?arg=a&arg=b become arguments behind the command')
    .option('-o, --once', 'let one client in, and exit when it has left')
    .option('-q, --exit-no-conn', 'exit when the last client has left and no session stays')
    .option('-m, --max-clients <count>', 'most clients at once; above it 503; 0 sets no limit', parseCount, 0)
    .option('--max-sessions <count>', 'most sessions, kept ones included; above it 1013', parseLimit, 32)
    .addOption(
      new Option('-b, --base-path <path>', 'serve everything below this path, as in /term')
        .argParser(parseBasePath)
        .default('', 'none'),
    )
    .option('-w, --cwd <folder>', "the program's working directory")
    .option(
      '--pass-env <names>',
      'pass these variables on, between commas (default: PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_ALL, TZ)',
      collectNames,
    )
    .option('-T, --terminal-type <name>', 'what the program is told its terminal is', 'xterm-256color')
    .addOption(
      new Option('-s, --signal <signal>', 'what the program is sent when its session is over')
        .argParser(parseSignal)
        .default('SIGHUP'),
    )
    .option('--title <text>', 'what the window is called (default: the command and the machine)')
    .option(
      '-t, --client-option <name=value>',
      'an option of xterm.js, as in fontSize=16 (repeatable)',
      collectClientOption,
    )
    .option('--scrollback <bytes>', 'output kept of a session for who comes back or late', parseLimit, 1024 * 1024)
    .option('--share-lines <count>', 'lines of it that somebody who comes late is shown', parseCount, 1000)
  addDoorOptions(command)
  command.addOption(
    new Option('-P, --ping-interval <duration>', 'silence after which a client is pinged; 0 sends none')
      .argParser(parseDrain)
      .default(25_000, '25s'),
  )
  addServerOptions(command, 10_000, LETTERS)
  return command.addHelpText('after', HELP).action(term)
}

async function term(command: readonly string[], options: TermCommandOptions): Promise<void> {
  checkTermOptions(options, command)
  const log = createLog(options.logLevel)
  // Terminals take code for this machine; other commands go without.
  const { TermServer } = await import('../term/term-server.ts')
  const server = new TermServer(options, command, (event) => {
    logEvent(log, event)
    const isDone = event.type === 'idle' && (options.once === true || options.exitNoConn === true)
    if (isDone) process.kill(process.pid, 'SIGTERM')
  })
  const begin = exitOnSignal(log, server)
  const [url, ...others] = await begin(server.listen())
  process.stdout.write(
    `Wigwag shows ${command.join(' ')} at ${[url, ...others].join(' and ')}\n` +
      `${options.writable === true ? 'Whoever comes in types.' : 'Everybody reads; --writable lets them type.'}     Stop: Ctrl-C\n`,
  )
  log.info({ url }, 'listening')
}

function logEvent(log: Logger, { type, ...event }: { readonly type: string }): void {
  if (type === 'refused' || type === 'recording-failed') log.warn(event, type)
  else log.info(event, type)
}
