import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CliError, describeError, ExitCode } from './cli-error.ts'
import { bridgeCommand } from './commands/bridge.ts'
import { connectCommand } from './commands/connect.ts'
import { execCommand } from './commands/exec.ts'
import { publishCommand } from './commands/publish.ts'
import { serveCommand } from './commands/serve.ts'
import { termCommand } from './commands/term.ts'
import { escapeControls } from './escape-controls.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('wigwag')
  .description('Real-time messages for the web, from a shell: serve channels, publish, connect.')
  .version(version)
  .showSuggestionAfterError()
  // What stands behind a program of `exec` is the program's.
  .enablePositionalOptions()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Examples:
  wigwag serve                                       a push server with a page to try it: http://localhost:8000
  wigwag publish http://localhost:8000 foo hello     reaches everyone on channel foo
  wigwag connect ws://localhost:8000/channel/foo     talk to any WebSocket: lines in, messages out
  wigwag exec -- vmstat 1                            any program as a WebSocket: ws://localhost:8080
  wigwag term --writable -- bash                     a terminal in the browser: http://localhost:7681
  wigwag bridge --listen 8080 --to 127.0.0.1:6379    any TCP port or unix socket as a WebSocket, and the other way

wigwag COMMAND --help teaches the rest.
Exit codes: 0 done, 1 failed, 2 the command line is wrong.`,
  )
  .addCommand(serveCommand())
  .addCommand(publishCommand())
  .addCommand(connectCommand())
  .addCommand(execCommand())
  .addCommand(termCommand())
  .addCommand(bridgeCommand())

for (const command of [program, ...program.commands]) {
  command.exitOverride()
  // One line, whatever went wrong; commander's own already is.
  command.configureOutput({ outputError: (text, write) => write(`wigwag: ${text.replace(/^error: /, '')}`) })
}

// Whoever reads our output may have had enough, as in `wigwag connect … | head -1`: then the work is done.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`wigwag: Cannot write to stdout: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? 0 : ExitCode.failed)
})
// There is nowhere left to tell it.
process.stderr.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  // Commander has printed its errors, and help and version, by itself.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : ExitCode.usage
  else {
    process.stderr.write(`wigwag: ${escapeControls(describeError(error))}\n`)
    process.exitCode = error instanceof CliError ? error.exitCode : ExitCode.failed
  }
}
