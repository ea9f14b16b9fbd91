import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, hasRedis, RedisServer, runWigwag, type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** What a subscriber in a browser gets, in the order in which it comes. */
class Inbox {
  readonly messages: string[] = []
  #arrived: () => void = () => {}

  take(message: string): void {
    this.messages.push(message)
    this.#arrived()
  }

  async until(condition: (messages: readonly string[]) => boolean): Promise<void> {
    while (!condition(this.messages)) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }
}

describe.skipIf(!hasRedis)('wigwag serve --redis', () => {
  const started: AsyncDisposable[] = []
  let redis: RedisServer

  beforeEach(async () => {
    redis = await RedisServer.start({ persistence: 'always' })
    started.push(redis)
  })
  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one[Symbol.asyncDispose]()
  })

  const serve = async (...args: string[]): Promise<ServedWigwag> => {
    const server = await serveWigwag(['--redis', redis.url, ...args])
    started.push(server.program)
    return server
  }
  const twoNodes = async (...args: string[]): Promise<[ServedWigwag, ServedWigwag]> => [
    await serve(...args),
    await serve(...args),
  ]
  const subscribe = async ({ port }: ServedWigwag, resource: string, subprotocol?: string): Promise<Inbox> => {
    const inbox = new Inbox()
    const socket = await connectWebSocket(`ws://127.0.0.1:${port}${resource}`, {
      subprotocols: subprotocol === undefined ? [] : [subprotocol],
      message: (_socket, data) => inbox.take(String(data)),
      close: (_socket, { code }) => inbox.take(`closed ${code}`),
    })
    started.push({ [Symbol.asyncDispose]: async () => socket.terminate() })
    return inbox
  }
  /** Subscribes, and waits until the subscription is live: a bare WebSocket does not say so. */
  const subscribeLive = async (server: ServedWigwag, channel: string): Promise<Inbox> => {
    const inbox = await subscribe(server, `/channel/${channel}?live=1`, 'wigwag.publication.v1')
    await inbox.until((messages) => messages.some((message) => message.includes('"live"')))
    inbox.messages.length = 0
    return inbox
  }
  const post = (server: ServedWigwag, channel: string, data: string): Promise<Response> =>
    fetch(`${server.url}/channel/${channel}`, { method: 'POST', body: data })
  const ready = async (server: ServedWigwag): Promise<[number, string]> => {
    const response = await fetch(`${server.url}/ready`)
    return [response.status, await response.text()]
  }
  const untilReady = async (server: ServedWigwag, status: number): Promise<void> => {
    while ((await ready(server))[0] !== status) await new Promise((resolve) => setImmediate(resolve))
  }
  const dataOf = (inbox: Inbox): unknown[] => inbox.messages.map((line) => JSON.parse(line).data)

  test('what is published on one node reaches the subscribers of the other, with the same position', async () => {
    const [one, two] = await twoNodes()
    const inboxes = [await subscribeLive(one, 'foo'), await subscribeLive(two, 'foo')]
    const answer = await (await post(one, 'foo', 'hello')).json()
    for (const inbox of inboxes) {
      await inbox.until((messages) => messages.length > 0)
      const { channel: _channel, ...place } = answer
      expect(JSON.parse(inbox.messages[0] ?? '')).toEqual({ ...place, data: 'hello' })
    }
    const late = await subscribe(two, `/channel/foo?after=${answer.epoch}:0`, 'wigwag.publication.v1')
    await late.until((messages) => messages.length > 0)
    expect(dataOf(late)).toEqual(['hello'])
  })

  test('redis-cli PUBLISH foo hello reaches everyone on channel foo of every node, in every form', async () => {
    const [one, two] = await twoNodes()
    const live = [await subscribeLive(one, 'foo'), await subscribeLive(two, 'foo')]
    const bare = await subscribe(one, '/channel/foo')
    const pairs = await subscribe(two, '/channel/foo?format=redis')
    const stream = new ChildProgram('curl', ['-sN', '-H', 'Accept: text/event-stream', `${two.url}/channel/foo`])
    started.push(stream)
    await stream.waitFor(/: live/)
    // What went live on each node shows that the other forms are subscribed as well: they were before.
    await post(one, 'foo', 'first')
    for (const inbox of [bare, pairs, ...live]) await inbox.until((messages) => messages.length > 0)
    expect(await redis.cli('publish', 'foo', 'hello')).toBe('2')
    for (const inbox of [bare, pairs, ...live]) await inbox.until((messages) => messages.length > 1)
    expect(bare.messages).toEqual(['first', 'hello'])
    expect(pairs.messages).toEqual(['["message","foo","first"]', '["message","foo","hello"]'])
    for (const inbox of live) {
      expect(JSON.parse(inbox.messages[1] ?? '')).toEqual({ time: expect.any(Number), data: 'hello' })
    }
    await stream.waitFor(/id: .*\ndata: first\n\ndata: hello\n\n/)
  })

  test('--redis-bridge lets only the channels through that it names, and --no-redis-bridge none', async () => {
    const [some, none] = [await serve('--redis-bridge', 'news-*'), await serve('--no-redis-bridge')]
    const inboxes = [
      await subscribeLive(some, 'news-1'),
      await subscribeLive(some, 'other'),
      await subscribeLive(none, 'news-1'),
    ]
    expect(await redis.cli('publish', 'news-1', 'hello')).toBe('1')
    expect(await redis.cli('publish', 'other', 'hello')).toBe('0')
    for (const channel of ['news-1', 'other']) await post(some, channel, 'last')
    for (const inbox of inboxes) await inbox.until((messages) => messages.at(-1)?.includes('last') ?? false)
    expect(inboxes.map(dataOf)).toEqual([['hello', 'last'], ['last'], ['last']])
  })

  test('Redis goes away and comes back: sockets stay, publishers get 503, /ready says why, and everything goes on', async () => {
    const [one, two] = await twoNodes()
    const inboxes = [await subscribeLive(one, 'foo'), await subscribeLive(two, 'foo')]
    expect(await ready(one)).toEqual([200, 'ready\n'])
    expect((await post(one, 'foo', 'before')).status).toBe(200)
    await redis.kill()
    await untilReady(one, 503)
    await untilReady(two, 503)
    const refused = await post(one, 'foo', 'never')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    const answer = await refused.text()
    expect(answer).toContain('is away; nothing was done')
    expect(answer).not.toContain(String(redis.port))
    const [, why] = await ready(one)
    expect(why).toContain('not ready: Redis is away (the log says why)')
    expect(why).not.toContain(String(redis.port))
    await one.program.waitFor(new RegExp(`Redis at 127.0.0.1:${redis.port} cannot be used`), 'stderr')
    expect(why).toContain('publications are refused with 503')
    // Somebody who comes meanwhile is let in, and waits.
    const late = await subscribe(two, '/channel/foo?live=1', 'wigwag.publication.v1')
    await redis.start()
    await untilReady(one, 200)
    await untilReady(two, 200)
    expect((await post(two, 'foo', 'after')).status).toBe(200)
    for (const inbox of [...inboxes, late]) await inbox.until((messages) => messages.at(-1)?.includes('after') ?? false)
    for (const inbox of inboxes) {
      const publications = inbox.messages
        .filter((line) => !line.includes('"live"'))
        .map((line) => JSON.parse(line).data)
      expect(publications).toEqual(['before', 'after'])
    }
    expect((await fetch(`${one.url}/health`)).status).toBe(200)
  })

  test('without history a node goes on by itself while Redis is away, and marks what it does', async () => {
    const [one, two] = await twoNodes('--history-size', '0')
    const inboxes = [await subscribe(one, '/channel/foo'), await subscribe(two, '/channel/foo')]
    // Until both are subscribed in Redis: there is no position that would tell.
    while (inboxes.some(({ messages }) => messages.length === 0)) await post(one, 'foo', 'hello?')
    await redis.kill()
    await untilReady(one, 503)
    expect((await ready(one))[1]).toContain('Publications reach the subscribers of this node only.')
    const answer = await (await post(one, 'foo', 'alone')).json()
    expect(answer).toMatchObject({ channel: 'foo', degraded: true })
    await inboxes[0]?.until((messages) => messages.includes('alone'))
    await redis.start()
    await untilReady(one, 200)
    await untilReady(two, 200)
    expect(await (await post(two, 'foo', 'together')).json()).not.toHaveProperty('degraded')
    for (const inbox of inboxes) await inbox.until((messages) => messages.includes('together'))
    expect(inboxes[1]?.messages).not.toContain('alone')
  })

  test('it starts when Redis is not there yet, says so, and never prints the password', async () => {
    await redis.kill()
    const server = await serveWigwag(['--redis', `redis://ada:secret@127.0.0.1:${redis.port}`])
    started.push(server.program)
    expect(server.program.stdout).toContain(`Redis at 127.0.0.1:${redis.port} cannot be used: connect ECONNREFUSED`)
    await server.program.waitFor(/Redis is away/, 'stderr')
    expect((await ready(server))[0]).toBe(503)
    expect(server.program.stdout + server.program.stderr).not.toContain('secret')
  })

  test('the URL may come from the environment', async () => {
    const program = runWigwag(['serve', '--port', '0', '--log-level', 'silent'], { WIGWAG_REDIS: redis.url })
    started.push(program)
    await program.waitFor(new RegExp(`shared through Redis at 127.0.0.1:${redis.port}`))
  })

  test('a URL that is none is not repeated with its password, be it an argument or from the environment', async () => {
    // "/", "#" and "@" in a password have to be percent-encoded, and often are not.
    const url = 'redis://ada:se/cr#et@cache.example:6379x'
    for (const program of [runWigwag(['serve', '--redis', url]), runWigwag(['serve'], { WIGWAG_REDIS: url })]) {
      const { code, stderr } = await program.exit
      expect(code).toBe(2)
      expect(stderr).toContain('redis://…@cache.example:6379x')
      expect(stderr).not.toMatch(/ada|cr#et/)
    }
  })

  test.each(['http://localhost:6379', 'redis://localhost:99999', 'redis+sentinel://localhost'])(
    'a URL that is none is a mistake of the command line: %s',
    async (url) => {
      const { code, stderr } = await runWigwag(['serve', '--redis', url]).exit
      expect(code).toBe(2)
      expect(stderr).toContain('is no Redis URL')
      expect(stderr.trim().split('\n')).toHaveLength(1)
    },
  )
})
