import { Command, Option } from 'commander'
import {
  collectApiKeys,
  collectExempt,
  collectPatterns,
  parseBasePath,
  parseCount,
  parseDrain,
  parseDuration,
  parseLimit,
  parseRedisUrl,
} from '../argument-parsers.ts'
import { createLog } from '../listening/create-log.ts'
import { exitOnSignal } from '../listening/exit-on-signal.ts'
import { addAddressOptions, addDoorOptions, addServerOptions } from '../listening/listening-options.ts'
import { checkServeOptions, type ServeOptions } from '../serve/serve-options.ts'
import { ServeServer } from '../serve/serve-server.ts'

const HELP = `
What it serves:
  /                     a page to try it in the browser
  /orders               an order board: a page that is live wherever it is open
  POST /channel/NAME    publishes the body: text, application/json, or bytes
  GET  /channel/NAME    a WebSocket: messages are the data; with subprotocol wigwag.publication.v1,
                        lines of {offset, epoch, time, data} that resume with ?after=EPOCH:OFFSET
                        with Accept: text/event-stream, an event stream that resumes by Last-Event-ID;
                        with Accept: application/x-ndjson the same as lines of JSON
                        otherwise the latest publication; with ?wait=30 and the ETag of the last answer
                        as If-None-Match (or ?timestamp=SECONDS), a long poll for what is new
  GET  /ws?channel=NAME the same WebSocket under the name that older pages use
  POST /api/METHOD      what servers do with a key (--api-key): publish, history, disconnect and so on
  GET  /health          200 while it runs
  GET  /ready           200 while it can do all of its work, 503 while Redis is away or it is shutting down

With --base-path /push each of these is below /push: POST /push/channel/NAME.

Try it:
  curl -d hello localhost:8000/channel/foo
  curl localhost:8000/channel/foo
  curl -N -H 'Accept: text/event-stream' localhost:8000/channel/foo

With --redis, what is published on one node reaches the subscribers of all. redis-cli PUBLISH foo hello reaches everyone
on channel foo as well: at most once, without a position. While Redis is away, channels with history answer publishers
with 503 and recover by themselves; without (--history-size 0) they go on on each node by itself.

With --api-key servers reach it at /api, with the JSON of Centrifugo's server API. Better put the key into the environment
as WIGWAG_API_KEY: everybody on the machine sees the arguments of a program. Several go between commas.

With --compress messages from 128 bytes on are compressed, for browsers and other clients that offer it (RFC 7692).
Small JSON shrinks to a fifth, for some tens of microseconds a message and subscriber, and up to 8 KiB a connection. Leave
it off where bandwidth is not what you lack, or where a secret shares a channel with text that strangers choose: how small
it gets tells what repeats. Event streams and polls are left to a proxy that compresses.

No authentication is configured: everyone who reaches the server may publish and subscribe. So it listens
on 127.0.0.1 only, unless --host and --insecure say otherwise, and lets in only pages of its own origin,
unless --allow-origin names others. Behind a reverse proxy, name that with --trusted-proxy: clients are then told
apart by their own addresses, and pages are compared with the host that they asked for.`

/** `wigwag serve`. */
export function serveCommand(): Command {
  const command = new Command('serve').description(
    'Serve channels to browsers and programs, with history and recovery, in memory or on Redis.',
  )
  addAddressOptions(command, 8000, 'allow a public --host although there is no authentication')
  addDoorOptions(command)
  command
    .addOption(
      new Option('--base-path <path>', 'serve everything below this path, as in /push')
        .argParser(parseBasePath)
        .default('', 'none'),
    )
    .option('--history-size <count>', 'publications kept per channel; 0 keeps none', parseCount, 100)
    .addOption(
      new Option('--history-ttl <duration>', 'how long each is kept, as in 30s, 5m, 1h')
        .argParser(parseDuration)
        .default(300_000, '5m'),
    )
    .addOption(
      new Option('--redis <url>', 'share channels with other nodes through Redis 7 or later, redis://HOST:PORT')
        .env('WIGWAG_REDIS')
        .argParser(parseRedisUrl),
    )
    .option('--redis-prefix <prefix>', 'what every key in Redis begins with', 'wigwag')
    .option(
      '--redis-bridge <pattern>',
      'let plain Redis messages of these channels through, as in news-* (repeatable; default: all)',
      collectPatterns,
    )
    .option('--no-redis-bridge', 'let none through')
    .option(
      '--compress',
      'compress WebSocket messages for clients that offer it: saves bandwidth, costs time (see below)',
    )
    .addOption(
      new Option(
        '--api-key <key>',
        'serve the API for servers, POST /api/METHOD, to whoever brings this key of 16 characters or more (repeatable)',
      )
        .env('WIGWAG_API_KEY')
        .argParser(collectApiKeys),
    )
    .option('--max-publication <bytes>', 'largest publication accepted', parseCount, 256 * 1024)
    .addOption(
      new Option(
        '--ping-interval <duration>',
        'silence after which a client is pinged; below the read time-out of a proxy',
      )
        .argParser(parseDuration)
        .default(25_000, '25s'),
    )
    .addOption(
      new Option('--max-poll-wait <duration>', 'longest that a long poll waits; below that time-out as well')
        .argParser(parseDuration)
        .default(45_000, '45s'),
    )
    .option('--max-address-connections <count>', 'most of one client address; above it 429', parseLimit, 1000)
    .option('--max-address-requests <count>', 'most requests of one per second; above it 429', parseLimit, 100)
    .option('--max-address-burst <count>', 'how many of them may come at once after a pause', parseLimit, 500)
    .option(
      '--exempt-address <address>',
      'do not limit this address, subnet or loopback (repeatable; * for all; default: loopback)',
      collectExempt,
    )
    .addOption(
      new Option('--drain <duration>', 'in how much time clients leave when it is told to stop; 0 for all at once')
        .argParser(parseDrain)
        .default(3000, '3s'),
    )
  addServerOptions(command, 100_000)
  return command.addHelpText('after', HELP).action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  checkServeOptions(options)
  const log = createLog(options.logLevel)
  const server = new ServeServer(options, (status) => {
    if (status.state === 'connected') log.info('Redis is there')
    else log.warn({ why: status.why }, 'Redis is away')
  })
  const broker = await server.start()
  const [url, ...others] = await server.listen()
  // Not told as a change: it was never there.
  if (server.status.state !== 'connected') log.warn({ why: server.status.why }, 'Redis is away')
  process.stdout.write(
    `Wigwag serves ${[url, ...others].join(' and ')}\n${broker}` +
      `No authentication: anyone who reaches ${describeReach(options)} may publish and subscribe.\n` +
      `Try:  ${describeTrial(url, options)}     Stop: Ctrl-C\n`,
  )
  log.info({ url }, 'listening')
  exitOnSignal(log, server, () => ({ connections: server.connections }))
}

function describeReach({ host = ['127.0.0.1'], tlsClientCa }: ServeOptions): string {
  return `${host.join(' or ')}${tlsClientCa === undefined ? '' : ' with a certificate'}`
}

function describeTrial(url: string, { basePath }: ServeOptions): string {
  const [, path] = /^unix:(.*)/.exec(url) ?? []
  return `curl -d hello ${path === undefined ? url : `--unix-socket ${path} http://localhost${basePath}`}/channel/foo`
}
