import { assertChannelName } from '@wigwag/hub'
import { Command } from 'commander'
import { parseHeader, readOptionFile } from '../argument-parsers.ts'
import { CliError, describeError, ExitCode } from '../cli-error.ts'
import { describeUnreachable, type Reach } from '../describe-unreachable.ts'
import { escapeControls } from '../escape-controls.ts'

const HELP = `
DATA is text unless --json or --binary says otherwise. Without DATA and --file it is read from stdin.
Prints the publication's place in the stream as JSON once it is stored.

Examples:
  wigwag publish http://localhost:8000 foo hello
  wigwag publish http://localhost:8000 prices --json '{"symbol":"ABC","price":3}'
  date | wigwag publish http://localhost:8000 foo
  wigwag publish http://localhost:8000 pictures --binary --file logo.png

To try again without publishing twice, send the same key: -H 'Idempotency-Key: order-17-shipped'.`

interface PublishOptions {
  readonly json?: boolean
  readonly binary?: boolean
  readonly file?: string
  readonly header?: Readonly<Record<string, string>>
}

const REACH: Reach = { plain: 'http', trust: 'NODE_EXTRA_CA_CERTS=ca.pem before the command' }

/** `wigwag publish`. */
export function publishCommand(): Command {
  return new Command('publish')
    .description('Publish to a channel of a server.')
    .argument('<url>', 'the server, as in http://localhost:8000')
    .argument('<channel>', 'the channel')
    .argument('[data]', 'what to publish')
    .option('--json', 'the data is a JSON value')
    .option('--binary', 'the data is bytes')
    .option('--file <path>', 'publish the content of a file')
    .option('-H, --header <header>', 'send a request header, "Name: value" (repeatable)', parseHeader)
    .addHelpText('after', HELP)
    .action(publish)
}

async function publish(url: string, channel: string, data: string | undefined, options: PublishOptions): Promise<void> {
  if (options.json === true && options.binary === true) {
    throw new CliError('--json and --binary exclude each other: say one.', ExitCode.usage)
  }
  if (data !== undefined && options.file !== undefined) {
    throw new CliError('DATA and --file exclude each other: give one.', ExitCode.usage)
  }
  const target = channelUrl(url, channel)
  const body = await readData(data, options)
  const contentType = options.json ? 'application/json' : options.binary ? 'application/octet-stream' : 'text/plain'
  const response = await post(target, body, { 'content-type': contentType, ...options.header })
  if (response.status >= 300 && response.status < 400) {
    const location = response.headers.get('location') ?? 'an unnamed place'
    throw new CliError(
      `The server leads elsewhere (HTTP ${response.status}), to ${location}. Publish there if you trust it.`,
    )
  }
  const answer = (await readAnswer(response)).trim()
  if (!response.ok) {
    const hint = /\/channel\/[^/]/.test(new URL(withScheme(url)).pathname)
      ? ' Write the URL without /channel/NAME.'
      : ''
    throw new CliError(`The server refused the publication (HTTP ${response.status}): ${answer}${hint}`)
  }
  process.stdout.write(`${process.stdout.isTTY ? escapeControls(answer) : answer}\n`)
}

function withScheme(url: string): string {
  return /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`
}

function channelUrl(url: string, channel: string): URL {
  const base = withScheme(url)
  if (!URL.canParse(base)) {
    throw new CliError(`${JSON.stringify(url)} is no URL. Write it as http://host:port.`, ExitCode.usage)
  }
  const target = new URL(base)
  if (!/^(https?|wss?):$/.test(target.protocol)) {
    throw new CliError(`${target.protocol} cannot be published to. Write the URL as http://host:port.`, ExitCode.usage)
  }
  checkChannel(channel)
  target.protocol = target.protocol.replace('ws', 'http')
  target.pathname = `${target.pathname.replace(/\/$/, '')}/channel/${encodeURIComponent(channel)}`
  return target
}

/** Here rather than by the server: URL resolves `.` and `..` away, encoded or not, and would ask for another path. */
function checkChannel(channel: string): void {
  try {
    assertChannelName(channel)
  } catch (error) {
    throw new CliError(describeError(error), ExitCode.usage)
  }
}

async function readData(data: string | undefined, { file, binary }: PublishOptions): Promise<string | Buffer> {
  if (data !== undefined) return data
  if (file !== undefined) return readOptionFile('--file', file)
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
  const input = Buffer.concat(chunks)
  // A line piped in is meant without its end.
  return binary ? input : input.toString('utf8').replace(/\r?\n$/, '')
}

async function post(target: URL, body: string | Buffer, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(target, {
      method: 'POST',
      headers,
      // Data and headers are meant for the server that was named.
      redirect: 'manual',
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
  } catch (error) {
    const why = describeUnreachable((error as Error).cause ?? error, REACH)
    throw new CliError(`Cannot reach ${target.origin}: ${why}`)
  }
}

/** More than any answer to a publication, as it is or inflated. */
const MAX_ANSWER_BYTES = 64 * 1024

async function readAnswer({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) {
      throw new CliError('The server answered with more than 64 KiB. Check that the URL is that of a Wigwag server.')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
