import { type CloseOutcome, connectWebSocket, type NodeWebSocket, TransportError } from '@wigwag/socket'
import { Command, Option } from 'commander'
import { collect, parseDuration, parseHeader, readOptionFile } from '../argument-parsers.ts'
import { CliError, ExitCode } from '../cli-error.ts'
import { createPipeTerminal, createPromptTerminal, type Terminal } from '../connect/terminal.ts'
import { describeUnreachable, type Reach } from '../describe-unreachable.ts'

const HELP = `
Each line of stdin is sent as one text message; each message is printed as one line (bytes in base64).
On a terminal there is a prompt; in a pipe stdout has the messages and nothing else. Nothing is read from
stdin before the connection is open, so no line is lost. When stdin ends, the connection is closed once
everything has been sent; what the server still sends until then is printed. --stay keeps listening instead.
What is sent is not acknowledged: \`wigwag publish\` and curl are.

Examples:
  wigwag connect ws://localhost:8000/channel/foo
  printf 'one\\ntwo\\n' | wigwag connect ws://localhost:8000/channel/foo
  wigwag connect --stay --subprotocol wigwag.publication.v1 ws://localhost:8000/channel/foo </dev/null >log

Exit codes: 0 closed normally, 1 refused, lost or closed with an error, 2 the command line is wrong.`

interface ConnectCommandOptions {
  readonly header?: Readonly<Record<string, string>>
  readonly subprotocol?: readonly string[]
  readonly origin?: string
  readonly stay?: boolean
  readonly timeout: number
  readonly ca?: string
  readonly compress: boolean
}

/** Closes that are no fault: done, going away, no reason given. */
const NORMAL_CLOSE_CODES = [1000, 1001, 1005]

/** `wigwag connect`. */
export function connectCommand(): Command {
  return new Command('connect')
    .description('Talk to a WebSocket: lines in, messages out.')
    .argument('<url>', 'ws://, wss://, http:// or https://')
    .option('-H, --header <header>', 'send a request header, "Name: value" (repeatable)', parseHeader)
    .option('-s, --subprotocol <name>', 'offer a subprotocol (repeatable, most wanted first)', collect)
    .option('-o, --origin <origin>', 'send this Origin, as a page would')
    .option('--no-compress', 'do not offer compression (permessage-deflate)')
    .option('--stay', 'keep listening when stdin ends')
    .addOption(
      new Option('--timeout <duration>', 'how long connecting may take, as in 500ms, 10s')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .option('--ca <file>', 'trust this certificate authority as well (PEM)')
    .addHelpText('after', HELP)
    .action(connect)
}

async function connect(url: string, options: ConnectCommandOptions): Promise<void> {
  const target = resolveUrl(url)
  const ca = options.ca === undefined ? undefined : readOptionFile('--ca', options.ca)
  let terminal: Terminal | undefined
  // What comes right behind the handshake comes before there is a terminal.
  const early: (string | Uint8Array)[] = []
  let drained: (() => void) | undefined
  let closed: (outcome: CloseOutcome) => void
  const outcome = new Promise<CloseOutcome>((resolve) => {
    closed = resolve
  })
  const socket = await connectWebSocket(target, {
    headers: { ...options.header, ...(options.origin === undefined ? {} : { origin: options.origin }) },
    subprotocols: options.subprotocol ?? [],
    handshakeTimeoutMs: options.timeout,
    perMessageDeflate: options.compress,
    maxMessageBytes: 64 * 1024 * 1024,
    // A pipe may be faster than the network: lines wait for `drain` instead of being dropped.
    maxQueuedBytes: 1024 * 1024 * 1024,
    ...(ca === undefined ? {} : { tls: { ca } }),
    message: (_socket, data) => {
      if (terminal === undefined) early.push(data)
      else terminal.message(data)
    },
    drain: () => drained?.(),
    close: (_socket, closeOutcome) => closed(closeOutcome),
  }).catch((error: unknown) => {
    throw describeFailure(target, error)
  })
  terminal = process.stdin.isTTY && process.stdout.isTTY ? createPromptTerminal() : createPipeTerminal()
  if (process.stdout.isTTY)
    terminal.note(`connected to ${target}${socket.protocol === '' ? '' : ` (${socket.protocol})`}`)
  for (const data of early) terminal.message(data)
  let leaving = false
  const leave = (): void => {
    leaving = true
    socket.close(1000)
  }
  leaveOnSignal(socket, leave)
  const waitForDrain = (): Promise<void> =>
    new Promise((resolve) => {
      drained = resolve
    })
  const sending = sendLines(socket, terminal, waitForDrain).then(() => {
    if (options.stay !== true) leave()
  })
  const ended = await Promise.race([outcome, sending.then(() => outcome)])
  terminal.close()
  reportOutcome(ended)
  if (process.stdout.isTTY && !leaving) terminal.note(`closed by the server: ${describeClose(ended)}`)
}

const REACH: Reach = { plain: 'ws', trust: '--ca ca.pem' }

function describeFailure(target: string, error: unknown): unknown {
  if (!(error instanceof TransportError) || error.cause === undefined) return error
  return new CliError(`Cannot connect to ${new URL(target).host}: ${describeUnreachable(error.cause, REACH)}`)
}

function resolveUrl(url: string): string {
  const target = /^[a-z]+:\/\//i.test(url) ? url : `ws://${url}`
  if (!URL.canParse(target)) {
    throw new CliError(`${JSON.stringify(url)} is no URL. Write it as ws://host:port/path.`, ExitCode.usage)
  }
  const { protocol } = new URL(target)
  if (/^(https?|wss?):$/.test(protocol)) return target
  throw new CliError(`${protocol} cannot be connected to. Write the URL as ws://host:port/path.`, ExitCode.usage)
}

async function sendLines(
  socket: NodeWebSocket<undefined>,
  terminal: Terminal,
  waitForDrain: () => Promise<void>,
): Promise<void> {
  for await (const line of terminal.lines) {
    const drained = waitForDrain()
    const status = socket.send(line)
    if (status === 'closed') return
    if (status === 'queued') await drained
  }
}

/** The first Ctrl-C says goodbye, the second does not wait for the answer. */
function leaveOnSignal(socket: NodeWebSocket<undefined>, leave: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (socket.phase === 'open') leave()
      else process.exit(ExitCode.failed)
    })
  }
}

function reportOutcome(outcome: CloseOutcome): void {
  const { code, error } = outcome
  if (NORMAL_CLOSE_CODES.includes(code)) return
  if (error !== undefined) throw new CliError(`The connection failed (${code}): ${error.message}`)
  if (code === 1006) throw new CliError('The connection was lost: the server closed it without saying why (1006).')
  throw new CliError(`The server closed the connection: ${describeClose(outcome)}`)
}

function describeClose({ code, reason }: CloseOutcome): string {
  return `${code}${reason === '' ? '' : ` ${reason}`}`
}
