import { once } from 'node:events'
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type ChildProgram, execWigwag, freePort, runWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { certificate, hasOpenssl } from './support/certificate.ts'
import { askRaw } from './support/raw-client.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wigwag-listening-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const programs: ChildProgram[] = []
afterEach(async () => {
  for (const program of programs.splice(0)) await program[Symbol.asyncDispose]()
})

/** Runs a command until it says where it is. */
async function start(...args: string[]): Promise<ChildProgram> {
  const program = runWigwag([...args.slice(0, 1), '--log-level', 'warn', ...args.slice(1)])
  programs.push(program)
  await program.waitFor(/Ctrl-C\n/)
  return program
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(options: RequestOptions & { ca?: string; cert?: Buffer; key?: Buffer }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = options.ca === undefined ? request : requestTls
    const asking = send({ host: '127.0.0.1', agent: false, ...options }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
    // A program that opens a WebSocket has no answer to read.
    asking.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: '' })
    })
    asking.once('error', reject).end()
  })
}

const UPGRADE = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

describe('a unix socket', () => {
  test('serves pages and WebSockets, with the permissions and the owner that it was given', async () => {
    const path = join(folder, 'exec.sock')
    const { username, gid } = userInfo()
    const options = ['--host', `unix:${path}`, '--socket-mode', '660', '--socket-owner', `${username}:${gid}`]
    const program = await start('exec', ...options, '--page', 'log', '--', 'cat')
    expect(program.stdout).toContain(`at unix:${path}, and shows it at unix:${path}\nStop: Ctrl-C\n`)
    expect(lstatSync(path).mode & 0o777).toBe(0o660)
    // Whatever name it is asked for: no browser reaches it.
    const page = await ask({ socketPath: path, headers: { host: 'app.example' } })
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await ask({ socketPath: path, headers: { host: 'app.example', ...UPGRADE } })).status).toBe(101)
    program.kill('SIGTERM')
    expect(await program.exit).toMatchObject({ code: 0 })
    expect(existsSync(path)).toBe(false)
  })

  test('that somebody left who was killed is taken over, one that is in use is not', async () => {
    const path = join(folder, 'term.sock')
    // As ttyd takes it.
    const args = ['term', '-i', path, '--', 'cat']
    const first = await start(...args)
    const second = await runWigwag(args).exit
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`${path} is there already`) })
    first.kill('SIGKILL')
    await first.exit
    expect(existsSync(path)).toBe(true)
    await start(...args)
    expect((await ask({ socketPath: path, path: '/', headers: { host: 'localhost' } })).status).toBe(200)
  })

  test.each([
    ['--to', '127.0.0.1:9'],
    ['--to', 'ws://127.0.0.1:9'],
  ])('of a bridge with %s %s as well', async (...to) => {
    const path = join(folder, 'bridge.sock')
    const args = ['bridge', '--listen', `unix:${path}`, '--socket-mode', '600', ...to]
    const first = await start(...args)
    first.kill('SIGKILL')
    await first.exit
    await start(...args)
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['/nowhere/at/all.sock', 'There is no folder for'],
    ['/etc/hostname', 'is there already'],
  ])('at %s is refused in one line, and what is there stays', async (path, why) => {
    const { code, stderr } = await runWigwag(['serve', '--host', path]).exit
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
    expect(stderr).toContain(why)
    if (path === '/etc/hostname') expect(readFileSync(path).length).toBeGreaterThan(0)
  })

  test.each([
    ['exec', '--host', [] as string[], ['--', 'cat']],
    ['bridge', '--listen', ['--to', '127.0.0.1:9'], []],
    ['bridge', '--listen', ['--to', 'ws://127.0.0.1:9'], []],
  ])('that cannot be given away ends %s, with the reason, and nobody listens', async (command, at, options, rest) => {
    const path = join(folder, 'given.sock')
    const args = [command, at, `unix:${path}`, '--socket-owner', 'nobody-of-that-name', ...options, ...rest]
    const program = runWigwag(args)
    programs.push(program)
    const { code, stderr } = await program.exit
    expect(code).toBe(1)
    expect(stderr).toMatch(/Cannot change who may use .*nobody-of-that-name/)
    expect(existsSync(path)).toBe(false)
  })

  test.each([
    ['exec', '--host', [] as string[], ['--', 'cat']],
    ['bridge', '--listen', ['--to', 'ws://127.0.0.1:9'], []],
  ])('of %s is nobody else’s before it is given away', async (command, at, options, rest) => {
    // Beside the real chown, which is handed everything, one that writes down what it finds.
    const bin = mkdtempSync(join(folder, 'bin-'))
    const seen = join(bin, 'seen')
    const script = `#!/bin/sh\nstat -c %a "$3" >${seen}\nexec /bin/chown "$@"\n`
    writeFileSync(join(bin, 'chown'), script, { mode: 0o755 })
    const path = join(folder, 'ours.sock')
    const { username } = userInfo()
    const env = { PATH: `${bin}:${process.env['PATH']}` }
    const program = runWigwag(
      [command, at, `unix:${path}`, '--socket-owner', username, '--socket-mode', '666', ...options, ...rest],
      env,
    )
    programs.push(program)
    await program.waitFor(/Ctrl-C\n/)
    expect([readFileSync(seen, 'utf8').trim(), lstatSync(path).mode & 0o777]).toEqual(['600', 0o666])
  })

  test('with a path that is longer than such paths can be is refused', async () => {
    const path = join(folder, 'x'.repeat(120))
    const { code, stderr } = await runWigwag(['exec', '--host', path, '--', 'cat']).exit
    expect([code, stderr]).toEqual([2, expect.stringContaining('107 bytes')])
  })
})

describe('several addresses', () => {
  test('have the same port, and the doors that each of them needs', async () => {
    const path = join(folder, 'both.sock')
    const { url, port } = await serveWigwag(['--host', '127.0.0.1', '--host', '127.0.0.2', '--host', path]).then(
      ({ program, ...served }) => {
        programs.push(program)
        return served
      },
    )
    expect(url).toBe(`http://localhost:${port}`)
    expect((await ask({ port, host: '127.0.0.2', path: '/health', headers: { host: 'localhost' } })).status).toBe(200)
    const rebound = { host: 'rebound.example' }
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      expect((await ask({ port, host, path: '/health', headers: rebound })).status).toBe(403)
    }
    expect((await ask({ socketPath: path, path: '/health', headers: rebound })).status).toBe(200)
    // A channel is the same everywhere.
    await fetch(`${url}/channel/a`, { method: 'POST', body: 'hello' })
    const headers = { host: 'localhost' }
    expect((await ask({ port, host: '127.0.0.2', path: '/channel/a', headers })).text).toContain('hello')
    expect((await ask({ socketPath: path, path: '/channel/a', headers })).text).toContain('hello')
  })

  test('one that cannot be had ends the command', async () => {
    const { code, stderr } = await runWigwag([
      'serve',
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--host',
      '192.0.2.1',
      '--insecure',
    ]).exit
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
    expect(stderr).toContain('192.0.2.1 is no address of this machine')
  })

  const loopback = Object.entries(networkInterfaces()).find(([, all]) =>
    all?.some(({ address }) => address === '127.0.0.1'),
  )
  test.skipIf(loopback === undefined)(
    'an interface stands for its addresses; that of loopback is not public',
    async () => {
      const [name = ''] = loopback ?? []
      const { program, port } = await execWigwag(['--host', name, '--', 'cat'])
      programs.push(program)
      expect((await ask({ port, headers: { host: 'localhost', ...UPGRADE } })).status).toBe(101)
    },
  )
})

describe.skipIf(!hasOpenssl)('TLS', () => {
  const tls = (): string[] => ['--tls-cert', certificate().cert, '--tls-key', certificate().key]

  test('plain http is sent on to https, at the host that it asked for', async () => {
    const redirectPort = await freePort()
    const { program, port } = await execWigwag([
      ...tls(),
      '--redirect-port',
      String(redirectPort),
      '--page',
      'log',
      '--',
      'cat',
    ])
    programs.push(program)
    const moved = await ask({ port: redirectPort, path: '/a%20b?c=d', headers: { host: `localhost:${redirectPort}` } })
    expect(moved).toMatchObject({ status: 307, headers: { location: `https://localhost:${port}/a%20b?c=d` } })
    const { pem: ca } = certificate()
    expect((await ask({ port, ca, headers: { host: 'localhost' } })).status).toBe(200)
    // An upgrade, a host that is none, and bytes that no path has.
    const raw = (...lines: string[]): Promise<string> => askRaw(redirectPort, ...lines)
    expect(await raw('GET //evil.example HTTP/1.1', 'Host: a.example', 'Upgrade: websocket')).toMatch(
      new RegExp(`^HTTP/1\\.1 307 [\\s\\S]*location: https://a\\.example:${port}//evil\\.example\\r\\n`),
    )
    expect(await raw('OPTIONS * HTTP/1.1', 'Host: a.example')).toMatch(/location: https:\/\/a\.example:\d+\/\r\n/)
    expect(await raw('GET / HTTP/1.1', 'Host: a b')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw('GET /\xff\xfe HTTP/1.1', 'Host: a')).toMatch(/^HTTP\/1\.1 (307|400) /)
    expect(await raw('GET / HTTP/1.1', 'Host: a')).toMatch(/^HTTP\/1\.1 307 /)
  })

  test('who does not begin it has as long as a request head may take', async () => {
    const { program, port } = await execWigwag([...tls(), '--header-timeout', '200ms', '--', 'cat'])
    programs.push(program)
    const socket = connect(port, '127.0.0.1')
    const [hadError] = await once(socket.resume(), 'close')
    expect(hadError).toBe(false)
  })

  test('only who has a certificate of the authority comes in; that is enough for a public address', async () => {
    const { cert, key, pem: ca } = certificate()
    const { program, port } = await execWigwag([...tls(), '--tls-client-ca', cert, '--host', '0.0.0.0', '--', 'cat'])
    programs.push(program)
    const own = { cert: readFileSync(cert), key: readFileSync(key) }
    const headers = { host: 'localhost', ...UPGRADE }
    expect((await ask({ port, ca, headers, ...own })).status).toBe(101)
    await expect(ask({ port, ca, headers })).rejects.toThrow(/certificate required|alert|ECONNRESET|EPIPE/)
  })
})
