import { once } from 'node:events'
import { createServer } from 'node:net'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, runWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

describe('wigwag serve', () => {
  let server: Awaited<ReturnType<typeof serveWigwag>>
  beforeAll(async () => {
    server = await serveWigwag()
  })
  afterAll(async () => server.program[Symbol.asyncDispose]())

  test('says where it listens, that anyone there may come in, and what to try', () => {
    expect(server.program.stdout).toMatch(/Wigwag serves http:\/\/localhost:\d+/)
    expect(server.program.stdout).toContain(
      'No authentication: anyone who reaches 127.0.0.1 may publish and subscribe.',
    )
    expect(server.program.stdout).toContain('curl -d hello')
  })

  test('curl -d hello reaches an event stream, which resumes by Last-Event-ID', async () => {
    await using stream = new ChildProgram('curl', [
      '-sN',
      '-H',
      'Accept: text/event-stream',
      `${server.url}/channel/curl`,
    ])
    await stream.waitFor(/: live/)
    const published = await new ChildProgram('curl', ['-s', '-d', 'hello', `${server.url}/channel/curl`]).exit
    expect(JSON.parse(published.stdout)).toMatchObject({ channel: 'curl', offset: 1 })
    const [, id = ''] = await stream.waitFor(/id: (.+:1)\ndata: hello\n\n/)
    await new ChildProgram('curl', ['-s', '-d', 'missed', `${server.url}/channel/curl`]).exit
    await using resumed = new ChildProgram('curl', [
      ...['-sN', '-H', 'Accept: text/event-stream', '-H', `Last-Event-ID: ${id}`],
      `${server.url}/channel/curl`,
    ])
    await resumed.waitFor(/data: missed\n\n/)
    expect(resumed.stdout).not.toContain('data: hello')
  })

  test('curl reads the latest of a channel, and waits for what is new with the tag that it got', async () => {
    const url = `${server.url}/channel/polled`
    const curl = (...args: string[]): ChildProgram => new ChildProgram('curl', ['-s', ...args])
    await curl('-d', 'hello', url).exit
    const [, etag = '', body] = /etag: (\S+)[\s\S]*\r\n\r\n(.*)$/i.exec((await curl('-i', url).exit).stdout) ?? []
    expect(body).toBe('hello')
    await using waiting = curl('-H', `If-None-Match: ${etag}`, `${url}?wait=30`)
    await curl('-d', 'again', url).exit
    expect(JSON.parse((await waiting.exit).stdout)).toMatchObject([{ offset: 2, data: 'again' }])
    const head = await curl('-I', url).exit
    expect(head.stdout).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*etag: "[\w-]+:2"/i)
  })

  test('the page comes with a policy that keeps everything else out', async () => {
    const page = await fetch(server.url)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'/)
    expect(await page.text()).toContain('<title>')
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect((await fetch(`${server.url}/../package.json`)).status).toBe(404)
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405)
  })

  test('a page is not sent again to whoever has it', async () => {
    const etag = (await fetch(server.url)).headers.get('etag') ?? ''
    expect((await fetch(server.url, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('a foreign Host is refused: DNS rebinding', async () => {
    const answer = await new ChildProgram('curl', ['-s', '-H', 'Host: evil.example', server.url]).exit
    expect(answer.stdout).toContain('--allow-host')
  })
})

describe('the API for servers', () => {
  const [first, second] = ['the-first-key-of-two', 'the-second-key-of-two']
  const call = async (url: string, key: string): Promise<number> =>
    (await fetch(`${url}/api/info`, { method: 'POST', headers: { 'x-api-key': key } })).status

  test('is there for those with a key of the environment', async () => {
    await using program = runWigwag(['serve', '--port', '0'], { WIGWAG_API_KEY: `${first},${second}` })
    const [, url = ''] = await program.waitFor(/serves (http:[^\s]+)/)
    expect([await call(url, first), await call(url, second), await call(url, 'another')]).toEqual([200, 200, 401])
    expect(program.stdout + program.stderr).not.toContain(first)
  })

  test('or of the arguments, below the base path', async () => {
    const { program, url } = await serveWigwag(['--api-key', first, '--api-key', second, '--base-path', '/push'])
    expect([await call(`${url}/push`, first), await call(`${url}/push`, second)]).toEqual([200, 200])
    await program[Symbol.asyncDispose]()
  })

  test('and not at all without one', async () => {
    const { program, url } = await serveWigwag()
    expect(await call(url, first)).toBe(404)
    await program[Symbol.asyncDispose]()
  })

  test('a key that is too short is refused, and not printed', async () => {
    const { code, stderr } = await runWigwag(['serve', '--port', '0', '--api-key', 'sesame']).exit
    expect(code).toBe(2)
    expect(stderr).toContain('--api-key (or WIGWAG_API_KEY): Option api.keys must be one or more keys of at least 16')
    expect(stderr).not.toContain('sesame')
  })
})

describe('wigwag serve ends', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s with 1001 for every socket, the end of every stream, and exit code 0',
    async (signal) => {
      const server = await serveWigwag()
      let closed = (_outcome: unknown): void => {}
      const outcome = new Promise((resolve) => {
        closed = resolve
      })
      await connectWebSocket(`${server.url}/channel/foo`, { close: (_socket, how) => closed(how) })
      const stream = await fetch(`${server.url}/channel/foo`, { headers: { accept: 'text/event-stream' } })
      server.program.kill(signal)
      expect(await outcome).toMatchObject({ code: 1001, clean: true })
      expect(await stream.text()).toContain('retry:')
      expect(await server.program.exit).toMatchObject({ code: 0 })
    },
  )

  test('with clients that leave one after the other over --drain, not ready meanwhile, and not open to new ones', async () => {
    const server = await serveWigwag(['--drain', '1s', '--log-level', 'info'])
    const closedAtMs: number[] = []
    let tell = (): void => {}
    const isAllClosed = new Promise<void>((resolve) => {
      tell = resolve
    })
    const closed = (code: number): void => {
      expect(code).toBe(3001)
      if (closedAtMs.push(performance.now()) === 200) tell()
    }
    for (let n = 0; n < 200; n++) {
      const socket = await connectWebSocket(`${server.url}/connection/websocket`, {
        close: (_socket, { code }) => closed(code),
      })
      socket.send('{"id":1,"connect":{}}')
    }
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
    server.program.kill('SIGTERM')
    const [, connections] = await server.program.waitFor(/"connections":(\d+)/, 'stderr')
    expect(connections).toBe('200')
    const ready = await fetch(`${server.url}/ready`)
    expect([ready.status, await ready.text()]).toEqual([503, 'not ready: it is shutting down.\n'])
    await expect(connectWebSocket(`${server.url}/connection/websocket`)).rejects.toMatchObject({ status: 503 })
    await isAllClosed
    expect(await server.program.exit).toMatchObject({ code: 0 })
    const [first = 0] = closedAtMs
    const spreadMs = (closedAtMs.at(-1) ?? 0) - first
    expect(spreadMs).toBeGreaterThan(800)
    expect(closedAtMs.filter((atMs) => atMs - first < spreadMs / 2).length).toBeGreaterThan(50)
  })

  test('at once with --drain 0', async () => {
    const server = await serveWigwag(['--drain', '0'])
    const closedAtMs: number[] = []
    for (let n = 0; n < 250; n++) {
      await connectWebSocket(`${server.url}/channel/foo`, { close: () => closedAtMs.push(performance.now()) })
    }
    server.program.kill('SIGTERM')
    expect(await server.program.exit).toMatchObject({ code: 0 })
    // Spread as usual it would have been 2500.
    expect((closedAtMs.at(-1) ?? 0) - (closedAtMs[0] ?? 0)).toBeLessThan(1500)
  })

  test('within five seconds although a socket never answers the closing handshake', async () => {
    const server = await serveWigwag()
    const socket = await connectWebSocket(`${server.url}/channel/foo`)
    socket.pause()
    const since = performance.now()
    server.program.kill('SIGTERM')
    expect(await server.program.exit).toMatchObject({ code: 0 })
    expect(performance.now() - since).toBeLessThan(5000)
    socket.terminate()
  })

  test('at once on a second signal', async () => {
    const server = await serveWigwag(['--log-level', 'info'])
    const socket = await connectWebSocket(`${server.url}/channel/foo`)
    socket.pause()
    server.program.kill('SIGINT')
    await server.program.waitFor(/shutting down/, 'stderr')
    server.program.kill('SIGINT')
    expect(await server.program.exit).toMatchObject({ code: 130 })
    socket.terminate()
  })
})

describe('wigwag serve refuses to start, in one line', () => {
  async function refused(args: readonly string[]): Promise<{ code: number | null; line: string }> {
    const { code, stderr, stdout } = await runWigwag(['serve', ...args]).exit
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    return { code, line: stderr.trim() }
  }

  test('on a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const { code, line } = await refused(['--port', String(port)])
    taken.close()
    expect(code).toBe(1)
    expect(line).toBe(
      `wigwag: Port ${port} on 127.0.0.1 is in use by another program. Stop that, or choose another with --port (0 for any free one).`,
    )
  })

  test.each([
    [['--port', 'abc'], 2, 'A port is a number from 0 (any free port) to 65535.'],
    [['--port', '65536'], 2, 'A port is a number'],
    [['--nonsense'], 2, "unknown option '--nonsense'"],
    [['--history-ttl', '5'], 2, 'A duration is a number with a unit'],
    [['--log-level', 'loud'], 2, 'Allowed choices are'],
    [['--host', '0.0.0.0'], 2, 'add --insecure'],
    [['--tls-cert', 'x.pem'], 2, '--tls-cert and --tls-key go together'],
    [
      ['--tls-cert', '/no/such.pem', '--tls-key', '/no/such.pem'],
      1,
      'Cannot read /no/such.pem (--tls-cert): it does not exist',
    ],
    [['--allow-origin', 'app.example.com'], 2, 'An origin is scheme, host and port'],
    [['--allow-origin', 'https://app.example.com/'], 2, 'with nothing behind'],
    [['--allow-host', 'https://push.example.com'], 2, 'a name without scheme and port'],
    [['--allow-host', 'push.example.com:443'], 2, 'a name without scheme and port'],
    [['--redis-bridge', 'news-*'], 2, 'say where it is with --redis'],
    [['--host', '192.0.2.1', '--insecure'], 1, 'is no address of this machine'],
  ])('%j', async (args, exitCode, text) => {
    const { code, line } = await refused(args)
    expect(code).toBe(exitCode)
    expect(line).toContain(text)
  })

  test('but serves a public address with --insecure', async () => {
    await using program = runWigwag(['serve', '--host', '0.0.0.0', '--insecure', '--port', '0'])
    await program.waitFor(/anyone who reaches 0\.0\.0\.0/)
  })
})

describe('help teaches', () => {
  test.each([
    [[], 'wigwag serve'],
    [['serve'], 'POST /channel/NAME'],
    [['serve'], '5m)'],
    [['publish'], 'wigwag publish http://localhost:8000 foo hello'],
    [['connect'], '--stay'],
    [['connect'], '10s)'],
  ])('wigwag %j --help', async (args, text) => {
    const { code, stdout } = await runWigwag([...args, '--help']).exit
    expect(code).toBe(0)
    expect(stdout).toContain(text)
  })

  test('an unknown command suggests a known one', async () => {
    const { code, stderr } = await runWigwag(['serv']).exit
    expect(code).toBe(2)
    expect(stderr).toContain('Did you mean serve?')
  })
})
