import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { HubOptions } from '@wigwag/hub'
import type { ChannelEndpointOptions, CreateHubOptions } from '@wigwag/hub/node'
import { FaultProxy, hasChromium, launchChromium } from '@wigwag/testkit'
import { Centrifuge, type TransportEndpoint } from 'centrifuge'
import { EventSource } from 'eventsource'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type ServedChannels, serveChannels } from './served-channels.ts'
import { createStrictClient, type EventContext, type StrictClient, type StrictClientOptions } from './strict-client.ts'

/** A client in its realm, asked from outside. */
export interface StrictUser {
  /** Runs a function where the client is. It may use what it is given, and nothing else. */
  run<Result, Args = undefined>(
    work: (client: StrictClient, args: Args) => Result | Promise<Result>,
    args?: Args,
  ): Promise<Result>
  /** Waits for so many events of one kind, of a channel's subscription or, with `''`, of the client; all that there are. */
  heard(source: string, event: string, count?: number): Promise<EventContext[]>
  /** Connects, and waits until it is. */
  connect(): Promise<EventContext>
  /** Subscribes to a channel, and waits until it is. */
  subscribe(channel: string, options?: Parameters<StrictClient['open']>[1]): Promise<EventContext>
}

/** A hub on a real server behind a line that can be cut, and its clients. */
export interface StrictBench extends ServedChannels {
  readonly line: FaultProxy
  user(options?: StrictClientOptions): Promise<StrictUser>
}

/** What carries a session of `centrifuge`. */
type SessionTransportName = 'websocket' | 'http_stream' | 'sse'

/** Where clients run, and over what. */
export interface ClientRealm {
  readonly name: string
  readonly transport: SessionTransportName
  /** Serves a hub until the test is finished; clients come to it by `front`, if that is given, which listens at the port that it returns. */
  serve(
    options?: ChannelEndpointOptions & CreateHubOptions & Partial<HubOptions>,
    front?: (upstream: number) => Promise<number>,
  ): Promise<StrictBench>
}

/** A client with transports in the order in which it tries them. */
type Connect = (
  port: number,
  options: StrictClientOptions,
  transports: readonly SessionTransportName[],
) => Promise<StrictUser['run']>

/**
 * Those that there are here: Node over each transport, and Chromium over a WebSocket, or over each where how browsers
 * connect is the matter. Called where tests are collected.
 */
export function clientRealms(inBrowsers: 'websocket' | 'all' = 'websocket'): readonly ClientRealm[] {
  const chromium = hasChromium ? inChromium() : undefined
  return [
    realmOf('ws', ['websocket'], connectInNode),
    realmOf('fetch', ['http_stream'], connectInNode),
    realmOf('eventsource', ['sse'], connectInNode),
    ...(chromium ? [realmOf('WebSocket of Chromium', ['websocket'], chromium)] : []),
    ...(chromium && inBrowsers === 'all'
      ? [realmOf('fetch of Chromium', ['http_stream'], chromium), realmOf('EventSource of Chromium', ['sse'], chromium)]
      : []),
  ]
}

/** Node, and Chromium, where clients try one transport after the other. */
export function fallingBackRealms(): readonly ClientRealm[] {
  const all: readonly SessionTransportName[] = ['websocket', 'http_stream', 'sse']
  return [realmOf('Node', all, connectInNode), ...(hasChromium ? [realmOf('Chromium', all, inChromium())] : [])]
}

function realmOf(name: string, transports: readonly SessionTransportName[], connect: Connect): ClientRealm {
  return {
    name,
    transport: transports[0] ?? 'websocket',
    serve: async (options, front = async (upstream) => upstream) => {
      const served = await serveChannels(options)
      served.server.on('request', (request, response) => {
        const isScript = request.url === '/centrifuge.js'
        response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
        response.end(isScript ? SCRIPT : PAGE)
      })
      const line = new FaultProxy(await front(served.port))
      const port = await line.listen()
      onTestFinished(() => line[Symbol.asyncDispose]())
      return { ...served, line, user: async (given = {}) => userOf(await connect(port, given, transports)) }
    },
  }
}

function userOf(run: StrictUser['run']): StrictUser {
  const heard: StrictUser['heard'] = (source, event, count = 1) =>
    run((client, args: [string, string, number]) => client.heard(...args), [source, event, count])
  return {
    run,
    heard,
    connect: async () => {
      await run(({ centrifuge }) => {
        centrifuge.connect()
        return centrifuge.ready()
      })
      return (await heard('', 'connected')).at(-1) as EventContext
    },
    subscribe: async (channel, options = {}) => {
      await run(
        async ({ open }, [name, given]: [string, typeof options]) => {
          await open(name, given).ready()
        },
        [channel, options],
      )
      return (await heard(channel, 'subscribed')).at(-1) as EventContext
    },
  }
}

/** What is given to the client of `centrifuge`, and what is told it of where to send. */
function endpointsOf(
  port: number,
  transports: readonly SessionTransportName[],
): [TransportEndpoint[], { emulationEndpoint: string }] {
  const endpoints = transports.map((transport) => {
    const scheme = transport === 'websocket' ? 'ws' : 'http'
    return { transport, endpoint: `${scheme}://127.0.0.1:${port}/connection/${transport}` }
  })
  return [endpoints, { emulationEndpoint: `http://127.0.0.1:${port}/emulation` }]
}

async function connectInNode(
  port: number,
  options: StrictClientOptions,
  transports: readonly SessionTransportName[],
): Promise<StrictUser['run']> {
  const [endpoints, environment] = endpointsOf(port, transports)
  const found = { websocket: WebSocket, eventsource: EventSource }
  const client = createStrictClient(Centrifuge, endpoints, options, { ...environment, ...found })
  onTestFinished(() => client.centrifuge.disconnect())
  return async (work, args) => work(client, args as never)
}

/** What the package is for pages. */
const SCRIPT = readFileSync(
  fileURLToPath(new URL('../../../../node_modules/centrifuge/dist/centrifuge.js', import.meta.url)),
)
const PAGE = '<!doctype html><title>A client</title><script src="/centrifuge.js"></script>'

function inChromium(): Connect {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  return async (port, options, transports) => {
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    await page.goto(`http://127.0.0.1:${port}/`)
    const [endpoints, environment] = endpointsOf(port, transports).map((each) => JSON.stringify(each))
    const make = `(options) => {
      window.strictClient = (${createStrictClient})(Centrifuge, ${endpoints}, options, ${environment})
    }`
    await page.evaluate(`(${make})(${JSON.stringify(options)})`)
    return async (work, args) => {
      // As text both ways: what is evaluated, and what Playwright serialises, is not quite JSON.
      const given = args === undefined ? 'undefined' : `JSON.parse(${JSON.stringify(JSON.stringify(args))})`
      const text = await page.evaluate(`(async () => JSON.stringify(await (${work})(strictClient, ${given})))()`)
      return typeof text === 'string' ? JSON.parse(text) : undefined
    }
  }
}
