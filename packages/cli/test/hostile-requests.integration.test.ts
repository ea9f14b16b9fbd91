import { connect } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { runWigwag, type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

describe('wigwag serve', () => {
  let server: ServedWigwag
  beforeAll(async () => {
    server = await serveWigwag(['--log-level', 'debug'])
  })
  afterAll(() => server?.program[Symbol.asyncDispose]())

  /** Sends bytes as they are, which `fetch` would tidy up; resolves with everything that came. */
  const send = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let came = ''
      const socket = connect({ port: server.port, host: '127.0.0.1' }, () => socket.write(text, 'latin1'))
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        came += chunk
      })
      socket.on('error', () => {}).on('close', () => resolve(came))
    })

  // As in websocketd 0.5: paths that lead out of the folder.
  test.each([
    '/../package.json',
    '/../../package.json',
    '/assets/../../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/%2e%2e%2fpackage.json',
    '/..\\package.json',
    '/..%5cpackage.json',
    '/assets/..;/..;/package.json',
    '//package.json',
    '/./index.html/../../package.json',
    '/index.html%00.js',
    'http://localhost/../package.json',
    'http://localhost/..%2fpackage.json',
    '/etc/passwd',
    '//etc/passwd',
    'file:///etc/passwd',
    '/__proto__',
    '/constructor',
  ])('gives nothing for %s', async (target) => {
    const answer = await send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(answer).not.toMatch(/"dependencies"|root:|"name": "wigwag"/)
  })

  test('refuses a head above 16 KiB with 431, and goes on', async () => {
    expect(await send(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
    expect((await fetch(server.url)).status).toBe(200)
  })

  test('logs nothing that was sent, no token and no data, and nothing that could be taken for another line', async () => {
    const secret = 'secret\x1b[2J'
    await fetch(`${server.url}/channel/secret-channel%0d%0a{"level":50}`, { method: 'POST', body: secret })
    await fetch(`${server.url}/channel/a?token=secret`, {
      method: 'POST',
      body: secret,
      headers: { authorization: 'Bearer secret' },
    })
    await send(
      `POST /channel/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n${secret.slice(0, 9)}`,
    )
    await send(`secret ${secret}\r\n\r\n`)
    const { program } = server
    program.kill('SIGTERM')
    const { stdout, stderr } = await program.exit
    const lines = stderr.split('\n').filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(0)
    expect(() => lines.map((line) => JSON.parse(line) as unknown)).not.toThrow()
    expect(stdout + stderr).not.toContain('secret')
    server = await serveWigwag()
  })
})

// As in CVE-2026-1527: a line break in what was meant for one header makes another.
test.each([
  ['connect', ['--header', 'X: a\r\nInjected: b']],
  ['connect', ['--header', 'X\r\nInjected: b']],
  ['connect', ['--origin', 'http://a\r\nInjected: b']],
  ['connect', ['--subprotocol', 'a\r\nInjected: b']],
  ['publish', ['--header', 'X: a\r\nInjected: b', 'foo', 'hello']],
])('wigwag %s with a line break in %j sends nothing', async (command, args) => {
  let asked = 0
  const peer = new WebSocketServer({
    authorize: () => {
      asked++
      return undefined
    },
  })
  onTestFinished(() => peer.close())
  const { port } = await peer.listen({ port: 0, host: '127.0.0.1' })
  const [url, rest] = [`http://127.0.0.1:${port}`, args.slice(2)]
  const { code, stderr } = await runWigwag([command, ...args.slice(0, 2), url, ...rest]).exit
  expect(code).not.toBe(0)
  expect(stderr).toMatch(/^wigwag: .*(header|subprotocol)/i)
  expect(asked).toBe(0)
})
