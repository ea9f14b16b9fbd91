import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectWebSocket } from '@wigwag/socket'
import { describe, expect, test, vi } from 'vitest'
import { WarmPrograms } from '../src/exec/warm-programs.ts'
import { resolveKillLadder } from '../src/process/kill-ladder.ts'
import { type RunningProgram, startProgram } from '../src/process/running-program.ts'
import { sessionMembers } from '../src/process/session-members.ts'
import { Client, ExecServer, shell } from './support/exec-server.ts'
import { openPipes } from './support/open-pipes.ts'

const QUICK = { inputGraceMs: 2000, interruptGraceMs: 50, terminateGraceMs: 50 }

/** The status and the body that an upgrade is refused with. */
async function refusal(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const error = await connectWebSocket(url, { headers }).then(
    () => ({ status: 101, body: '' }),
    (failure: unknown) => failure as { status: number; body: string },
  )
  return { status: error.status, body: error.body }
}

describe('lines', () => {
  test('a line of output is a message, and a message is a line of input', async () => {
    await using server = await ExecServer.start({ command: ['cat'], killLadder: QUICK })
    const client = await Client.connect(server.url())
    client.socket.send('hello')
    client.socket.send('')
    client.socket.send(Buffer.from('bytes'))
    client.socket.send('two\nlines')
    expect(await client.take(5)).toEqual(['hello', '', 'bytes', 'two', 'lines'])
    client.socket.close(1000)
    expect(await client.closed).toMatchObject({ code: 1000, clean: true })
  })

  test('each client has a program of its own', async () => {
    await using server = await ExecServer.start({ command: shell('echo $$; cat'), killLadder: QUICK })
    const clients = await Promise.all([1, 2, 3].map(() => Client.connect(server.url())))
    const pids = await Promise.all(clients.map(async (client) => (await client.take(1))[0]))
    expect(new Set(pids).size).toBe(3)
    expect(server.endpoint.stats.processes).toBe(3)
  })

  test('a line that is too long ends the program, with 1011', async () => {
    await using server = await ExecServer.start({
      command: shell('echo short; echo 123456; sleep 1000'),
      maxLineBytes: 5,
      killLadder: { inputGraceMs: 0 },
    })
    const client = await Client.connect(server.url())
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'The program wrote a line of more than 5 bytes' })
    expect(client.messages).toEqual(['short'])
    expect(server.events).toContainEqual({ type: 'line-too-long', pid: expect.any(Number), maxLineBytes: 5 })
  })

  test('a message that is too large is refused with 1009', async () => {
    await using server = await ExecServer.start({ command: ['cat'], maxMessageBytes: 5, killLadder: QUICK })
    const client = await Client.connect(server.url())
    client.socket.send('123456')
    expect(await client.closed).toMatchObject({ code: 1009 })
  })
})

test('bytes come and go as they are', async () => {
  await using server = await ExecServer.start({ command: ['cat'], format: 'binary', killLadder: QUICK })
  const client = await Client.connect(server.url())
  const bytes = Buffer.from([0, 255, 10, 13, 128])
  client.socket.send(bytes)
  const got = await client.take(1)
  expect(Buffer.concat(got as Buffer[])).toEqual(bytes)
})

describe('stderr', () => {
  test('goes to the log, line by line', async () => {
    await using server = await ExecServer.start({ command: shell('echo oh >&2; echo said') })
    const client = await Client.connect(server.url())
    await client.closed
    expect(client.messages).toEqual(['said'])
    expect(server.events).toContainEqual({ type: 'stderr', pid: expect.any(Number), line: 'oh' })
  })

  test('goes to the client beside stdout, each line with its stream', async () => {
    await using server = await ExecServer.start({ command: shell('echo oh >&2; echo said'), stderr: 'pass' })
    const client = await Client.connect(server.url())
    await client.closed
    expect(
      client.messages.map((message) => JSON.parse(String(message))).sort((a, b) => (a.data < b.data ? -1 : 1)),
    ).toEqual([
      { stream: 'stderr', data: 'oh' },
      { stream: 'stdout', data: 'said' },
    ])
  })
})

describe('the end', () => {
  test.each([
    ['status 0', 'exit 0', { code: 1000, reason: '' }],
    ['status 3', 'exit 3', { code: 4003, reason: 'The program ended with status 3' }],
    ['a signal', 'kill -SEGV $$', { code: 1011, reason: 'The program was ended by SIGSEGV' }],
  ])('of a program by %s', async (_how, script, close) => {
    await using server = await ExecServer.start({ command: shell(`echo last; ${script}`) })
    const client = await Client.connect(server.url())
    expect(await client.closed).toMatchObject({ ...close, clean: true })
    expect(client.messages).toEqual(['last'])
  })

  test('of a client ends its program, with all that it started', async () => {
    await using server = await ExecServer.start({
      command: shell('trap "" INT TERM; sleep 1000 & echo $$; sleep 1000'),
      killLadder: { inputGraceMs: 10, interruptGraceMs: 10, terminateGraceMs: 10 },
    })
    const client = await Client.connect(server.url())
    const pid = Number((await client.take(1))[0])
    expect(sessionMembers(pid).length).toBeGreaterThan(1)
    client.socket.terminate()
    await server.endpoint.close()
    expect(sessionMembers(pid)).toEqual([])
  })

  test('of the server is told with 1001, and nothing is left running', async () => {
    const server = await ExecServer.start({ command: shell('echo $$; cat'), killLadder: QUICK })
    const clients = await Promise.all([1, 2].map(() => Client.connect(server.url())))
    const pids = await Promise.all(clients.map(async (client) => Number((await client.take(1))[0])))
    await server[Symbol.asyncDispose]()
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 })
    for (const pid of pids) expect(sessionMembers(pid)).toEqual([])
  })

  test('a program reads to the end what its client sent before it left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-exec-'))
    try {
      const file = join(folder, 'got')
      const server = await ExecServer.start({ command: shell(`cat >${file}; echo done >>${file}`), killLadder: QUICK })
      const client = await Client.connect(server.url())
      for (let i = 0; i < 1000; i++) client.socket.send(String(i))
      client.socket.close()
      await client.closed
      await server[Symbol.asyncDispose]()
      const lines = readFileSync(file, 'utf8').split('\n')
      expect(lines).toEqual([...Array.from({ length: 1000 }, (_, i) => String(i)), 'done', ''])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('who comes in', () => {
  test('with --max-processes running: 429', async () => {
    await using server = await ExecServer.start({ command: ['cat'], maxProcesses: 1, killLadder: QUICK })
    const client = await Client.connect(server.url())
    expect(await refusal(server.url())).toMatchObject({ status: 429 })
    client.socket.close()
    await client.closed
  })

  test('a page of another origin: 403', async () => {
    await using server = await ExecServer.start({ command: ['cat'], killLadder: QUICK })
    expect(await refusal(server.url(), { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await upgradeAnswer(server.port, 'evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(server.events).toEqual([])
  })

  test('without the right password: 401, and no program is started', async () => {
    await using server = await ExecServer.start({
      command: shell('echo $REMOTE_USER'),
      credentials: ['ada:secret', 'bob:x'],
    })
    const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
    expect(await refusal(server.url())).toMatchObject({ status: 401 })
    expect(await refusal(server.url(), basic('ada:secret2'))).toMatchObject({ status: 401 })
    expect(await refusal(server.url(), { authorization: 'Bearer x' })).toMatchObject({ status: 401 })
    expect(server.events).toEqual([])
    const client = await Client.connect(server.url(), { headers: basic('ada:secret') })
    expect(await client.take(1)).toEqual(['ada'])
  })

  test('a program that cannot be started: 500, and the reason is for the log', async () => {
    await using server = await ExecServer.start({ command: ['/nowhere/at/all'] })
    expect(await refusal(server.url())).toEqual({ status: 500, body: 'The program could not be started.' })
    expect(server.events).toMatchObject([
      { type: 'refused', status: 500, why: expect.stringContaining('/nowhere/at/all') },
    ])
  })

  test('a path with a zero byte in it is nobody’s', async () => {
    await using server = await ExecServer.start({ command: ['cat'] })
    expect(await refusal(server.url('/a%00b'))).toMatchObject({ status: 404 })
  })
})

describe('a program that decides', () => {
  const script = `case $QUERY_STRING in
    yes) printf 'Status: 101\\n\\nwelcome\\n'; cat;;
    no) printf 'Status: 403 Forbidden\\nX-Why: %s\\n\\nnot you' "$REMOTE_ADDR";;
    odd) echo hello;;
    silent) sleep 1000;;
    gone) exit 1;;
  esac`
  const options = { command: shell(script), decidedBy: 'program', handshakeTimeoutMs: 300 } as const

  test.each([
    ['no', { status: 403, body: 'not you' }],
    ['odd', { status: 500, body: 'The program failed to decide whether to let you in.' }],
    ['gone', { status: 500, body: 'The program failed to decide whether to let you in.' }],
    ['silent', { status: 503 }],
  ])('says %s', async (query, expected) => {
    await using server = await ExecServer.start({ ...options, killLadder: { inputGraceMs: 0 } })
    expect(await refusal(server.url(`/?${query}`))).toMatchObject(expected)
    const [started] = server.events
    await server.endpoint.close()
    expect(sessionMembers((started as { pid: number }).pid)).toEqual([])
  })

  test.runIf(process.platform === 'linux')('refuses and complains: nothing of it stays open', async () => {
    const command = shell('echo oh >&2; printf "Status: 403\\n\\nno\\n"; echo oh >&2')
    await using server = await ExecServer.start({ command, decidedBy: 'program', stderr: 'pass', killLadder: QUICK })
    await refusal(server.url())
    const before = openPipes()
    for (let i = 0; i < 32; i++) expect(await refusal(server.url())).toMatchObject({ status: 403 })
    // Up to 16 are kept for the next programs.
    await vi.waitFor(() => expect(openPipes() - before).toBeLessThanOrEqual(16), 5000)
  })

  test('lets in, and goes on with the line behind its head', async () => {
    await using server = await ExecServer.start({ ...options, killLadder: QUICK })
    const client = await Client.connect(server.url('/?yes'))
    client.socket.send('hello')
    expect(await client.take(2)).toEqual(['welcome', 'hello'])
  })
})

describe('a folder of programs', () => {
  test('serves those in it, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-exec-'))
    const outside = mkdtempSync(join(tmpdir(), 'wigwag-exec-'))
    const script = (path: string, mode = 0o755): void => {
      writeFileSync(path, '#!/bin/sh\necho "$SCRIPT_NAME|$PATH_INFO|$QUERY_STRING"\n')
      chmodSync(path, mode)
    }
    try {
      script(join(folder, 'name with space.sh'))
      script(join(folder, 'run'))
      script(join(folder, 'plain.txt'), 0o644)
      script(join(folder, '.hidden'))
      script(join(outside, 'secret'))
      symlinkSync(join(outside, 'secret'), join(folder, 'out'))
      symlinkSync(outside, join(folder, 'there'))
      symlinkSync(join(folder, 'run'), join(folder, 'alias'))
      await using server = await ExecServer.start({ folder, killLadder: QUICK })
      const said = async (path: string): Promise<unknown> => (await (await Client.connect(server.url(path))).take(1))[0]
      expect(await said('/run/more/%C3%A4?a=b')).toBe('/run|/more/ä|a=b')
      expect(await said('/name%20with%20space.sh')).toBe('/name with space.sh||')
      expect(await said('/alias')).toBe('/alias||')
      const hostile = ['/', '/plain.txt', '/.hidden', '/out', '/there/secret', '/nothing', '/..', '/../secret', '//run']
      const encoded = ['/%2e%2e/x', '/a%2f..%2frun', '/..%5crun', '/run%00', '/%ff', `/%2e%2e${outside}/secret`]
      for (const path of [...hostile, ...encoded]) {
        expect(await refusal(server.url(path)), path).toEqual({ status: 404, body: 'There is no program here.' })
      }
    } finally {
      rmSync(folder, { recursive: true })
      rmSync(outside, { recursive: true })
    }
  })
})

test('further headers come with the 101', async () => {
  await using server = await ExecServer.start({ command: ['cat'], upgradeHeaders: { 'X-Served-By': 'wigwag' } })
  const answer = await upgradeAnswer(server.port)
  expect(answer).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\nX-Served-By: wigwag\r\n/)
})

/** The head of the answer to an upgrade, as it comes. */
async function upgradeAnswer(port: number, host = `127.0.0.1:${port}`): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      ),
    )
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(chunk.toString())
    })
  })
}

describe('programs that wait for clients', () => {
  test('are there before anybody comes, and replaced when one is taken', async () => {
    await using server = await ExecServer.start({ command: shell('echo $$; cat'), warmProcesses: 2, killLadder: QUICK })
    expect(server.endpoint.stats.processes).toBe(0)
    await server.endpoint.start()
    while (server.endpoint.stats.processes < 2) await new Promise(setImmediate)
    const client = await Client.connect(server.url())
    const [pid] = await client.take(1)
    while (server.endpoint.stats.processes < 3) await new Promise(setImmediate)
    client.socket.send('hello')
    expect(await client.take(2)).toEqual([pid, 'hello'])
    client.socket.close()
    await client.closed
    const next = await Client.connect(server.url())
    expect((await next.take(1))[0]).not.toBe(pid)
  })

  test('hear of their client in the first line, if that is wanted', async () => {
    const command = shell('read -r request; echo "$request"; cat')
    await using server = await ExecServer.start({ command, warmProcesses: 1, requestLine: true, killLadder: QUICK })
    await server.endpoint.start()
    const client = await Client.connect(server.url('/a?b=c'))
    expect(JSON.parse(String((await client.take(1))[0]))).toMatchObject({ PATH_INFO: '/a', QUERY_STRING: 'b=c' })
  })

  test('one that ends by itself is replaced, later; nothing is left when the server closes', async () => {
    const server = await ExecServer.start({ command: shell('exit 1'), warmProcesses: 1 })
    await server.endpoint.start()
    await server[Symbol.asyncDispose]()
    expect(server.endpoint.stats.processes).toBe(0)
  })

  test.runIf(process.platform === 'linux')('and end unused leave nothing open', async () => {
    const programs: RunningProgram[] = []
    const warm = new WarmPrograms(8, async () => {
      const ladder = resolveKillLadder({ inputGraceMs: 2000 })
      const program = await startProgram({ command: 'sh', args: ['-c', 'echo hello; echo oh >&2'], env: {} }, ladder)
      programs.push(program)
      return program
    })
    await warm.fill()
    await vi.waitFor(() => expect(programs.length).toBeGreaterThanOrEqual(8), 5000)
    warm.close()
    const isClosed = ({ stdout, stderr }: RunningProgram): boolean => stdout.closed && stderr.closed
    await vi.waitFor(() => expect(programs.every(isClosed)).toBe(true), 5000)
  })

  test('are too many when they are as many as may run', async () => {
    await using server = await ExecServer.start({
      command: ['cat'],
      warmProcesses: 1,
      maxProcesses: 1,
      killLadder: QUICK,
    })
    await server.endpoint.start()
    const client = await Client.connect(server.url())
    expect(await refusal(server.url())).toMatchObject({ status: 429 })
    client.socket.close()
    await client.closed
  })

  test.each([
    ['a folder', { folder: '.', warmProcesses: 1 }],
    ['a program that decides', { command: ['cat'], warmProcesses: 1, decidedBy: 'program' as const }],
  ])('cannot be had of %s', async (_what, options) => {
    await expect(ExecServer.start(options)).rejects.toMatchObject({ code: 'ERR_PROGRAM_OPTION' })
  })
})
