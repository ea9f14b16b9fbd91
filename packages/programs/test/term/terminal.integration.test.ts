import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TerminalEndpoint, type TerminalOptions } from '@wigwag/programs/term'
import { afterEach, describe, expect, test } from 'vitest'
import { sessionMembers } from '../../src/process/session-members.ts'
import { ServedTerminal } from './support/served-terminal.ts'
import { TtyClient } from './support/tty-client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(options: TerminalOptions): Promise<ServedTerminal> {
  const served = await ServedTerminal.start(options)
  cleanups.push(() => served[Symbol.asyncDispose]())
  return served
}

const OURS = { wigwag: 1 }
/** A shell that says nothing by itself. */
const SHELL = ['sh', '-c', 'PS1="> " exec sh -i']

describe('a client of ttyd', () => {
  test('title and preferences come first, then output; the exit status is the close code', async () => {
    const served = await serve({
      command: ['sh', '-c', 'echo hello; exit 3'],
      title: 'a title',
      preferences: { fontSize: 9 },
    })
    const client = await served.open()
    expect(await client.closed).toMatchObject({ code: 4003, clean: true })
    expect(client).toMatchObject({ output: 'hello\r\n', title: 'a title', preferences: { fontSize: 9 }, states: [] })
  })

  test.each([
    ['exit 0', 1000],
    ['kill -9 $$', 1011],
  ])('%s closes with %i', async (script, code) => {
    const served = await serve({ command: ['sh', '-c', script] })
    expect(await (await served.open()).closed).toMatchObject({ code })
  })

  test('reads only, unless it may write', async () => {
    const served = await serve({ command: ['sh', '-c', 'read -t 0.2 line || true; echo "[$line]"; stty size'] })
    const client = await served.open({ columns: 100, rows: 30 })
    client.type('typed\r')
    await client.closed
    expect(client.output).toContain('[]')
    expect(client.output).toContain('30 100')
  })

  test('types, and the program answers; sizes reach it', async () => {
    const served = await serve({ command: SHELL, writable: true })
    const client = await served.open()
    await client.shows(/> $/)
    client.type('stty size; echo $((6 * 7)) $TERM $COLORTERM\r')
    await client.shows(/24 80\r\n42 xterm-256color truecolor/)
    client.send('1{"columns":132,"rows":50}')
    client.type('stty size\r')
    await client.shows(/50 132/)
    client.type('exit\r')
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  test('Ctrl-C interrupts what runs, not the shell', async () => {
    const served = await serve({ command: SHELL, writable: true })
    const client = await served.open()
    await client.shows(/> $/)
    // What runs says it itself: between two commands the signal would be the shell's.
    client.type(`sh -c 'echo be""gun; exec sleep 1000'\r`)
    await client.shows(/begun/)
    client.type('\x03')
    client.type('echo go""on\r')
    await client.shows(/goon/)
  })

  test('the environment is what was asked for, and nothing else of ours', async () => {
    process.env['WIGWAG_SECRET_FOR_TEST'] = 'secret'
    cleanups.push(() => delete process.env['WIGWAG_SECRET_FOR_TEST'])
    const served = await serve({ command: ['env'], passEnv: ['PATH'], terminalType: 'vt100' })
    const client = await served.open()
    await client.closed
    const names = client.output.split('\r\n').map((line) => line.split('=')[0])
    expect(names.filter((name) => name !== '' && name !== 'PWD').sort()).toEqual(['COLORTERM', 'PATH', 'TERM'])
    expect(client.output).toContain('TERM=vt100')
  })
})

describe('flow', () => {
  test('a reader that has paused, or stalls, holds the program up; nothing is lost, and memory stays flat', async () => {
    // 16 MiB of lines.
    const count = 2_000_000
    const served = await serve({ command: ['seq', '1', String(count)] })
    const client = await served.open()
    await client.until(() => client.outputBytes > 0)
    client.send('2')
    const before = await stillAt(() => client.outputBytes)
    expect(before).toBeLessThan(2 * 1024 * 1024)
    client.send('3')
    await client.until(() => client.outputBytes > before)
    client.stall()
    const rssBefore = process.memoryUsage.rss()
    await stillAt(() => client.outputBytes)
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(32 * 1024 * 1024)
    client.goOn()
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(client.output.endsWith(`\r\n${count}\r\n`)).toBe(true)
    let expected = 0
    for (let digits = 1, from = 1; from <= count; digits++, from *= 10) {
      expected += (Math.min(from * 10 - 1, count) - from + 1) * (digits + 2)
    }
    expect(client.outputBytes).toBe(expected)
  }, 60_000)

  test('the last output of a program that has ended reaches a reader that had paused', async () => {
    const served = await serve({ command: ['sh', '-c', 'seq 1 60000; echo the last'] })
    const client = await served.open()
    client.send('2')
    await stillAt(() => client.outputBytes)
    client.send('3')
    await client.closed
    expect(client.output).toMatch(/60000\r\nthe last\r\n$/)
  })

  test('who is slower than the writer skips, and begins anew with what their terminal has to know', async () => {
    const served = await serve({
      command: SHELL,
      writable: true,
      sessions: 'shared',
      scrollbackBytes: 256 * 1024,
    })
    const writer = await served.open(OURS)
    await writer.shows(/> $/)
    const slow = await served.open({ ...OURS, session: writer.state?.viewerKey })
    await slow.shows(/> $/)
    slow.send('2')
    writer.type('printf "\\033[?2004h"; seq 1 200000; echo do""ne\r')
    await writer.shows(/done/)
    slow.send('3')
    await slow.shows(/done/)
    expect(slow.output).toContain('\x1bc')
    expect(slow.outputBytes).toBeLessThan(600_000)
    slow.close()
    await served.told('left')
    expect(served.events.find((event) => event.type === 'left')).toMatchObject({ skippedBytes: expect.any(Number) })
  })

  test('a program that reads nothing holds up who types, and memory stays flat', async () => {
    const served = await serve({
      command: ['sh', '-c', 'stty raw -echo; echo ready; sleep 1000'],
      writable: true,
    })
    const client = await served.open()
    await client.shows(/ready/)
    const rssBefore = process.memoryUsage.rss()
    for (let i = 0; i < 128; i++) client.type('x'.repeat(64 * 1024))
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'The program does not read what is typed' })
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(32 * 1024 * 1024)
  })
})

/** What a count is when it has not changed for a while. */
async function stillAt(count: () => number): Promise<number> {
  let last = -1
  for (let times = 0; times < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    times = last === count() ? times + 1 : 0
    last = count()
  }
  return last
}

describe('the end of a session', () => {
  test('a program goes with its client, and all that it started', async () => {
    const served = await serve({ command: ['sh', '-c', 'trap "" HUP TERM; sleep 1000 & echo ready; wait'] })
    const client = await served.open()
    await client.shows(/ready/)
    expect(sessionMembers(served.pid).length).toBeGreaterThan(1)
    client.vanish()
    await served.told('ended')
    await served.told('idle')
    await served.endpoint.close()
    expect(sessionMembers(served.pid)).toEqual([])
  })

  test('jobs of a shell, in groups of their own, as well', async () => {
    const served = await serve({ command: ['bash', '--norc', '-i'], writable: true })
    const client = await served.open()
    client.type('set -m; sh -c "trap \\"\\" HUP TERM; sleep 1000" & echo $((40 + 2))\r')
    await client.shows(/42/)
    client.close()
    await served.told('ended')
    await served.endpoint.close()
    expect(sessionMembers(served.pid)).toEqual([])
  })

  test('the signal is the one that was asked for', async () => {
    const command = ['sh', '-c', 'trap "exit 7" USR1; echo ready; while :; do sleep 0.01; done']
    const served = await serve({ command, signal: 'SIGUSR1' })
    const client = await served.open()
    await client.shows(/ready/)
    client.close()
    await served.told('ended')
    expect(served.events).toContainEqual(expect.objectContaining({ type: 'ended', end: { by: 'status', status: 7 } }))
  })

  test('what cannot be started is said', async () => {
    const served = await serve({ command: ['no-such-program'] })
    const client = await served.open()
    expect(await client.closed).toMatchObject({
      code: 1011,
      reason: 'Cannot start no-such-program: there is no such program; check the name and the PATH.',
    })
  })
})

describe('sessions that stay', () => {
  test('one comes back to where one was, without a byte missing or twice', async () => {
    const served = await serve({ command: SHELL, writable: true, keepMs: 60_000 })
    const first = await served.open(OURS)
    await first.shows(/> $/)
    const key = first.state?.writerKey
    first.type('sleep 0.3; echo mean""while\r')
    await first.shows(/sleep/)
    first.vanish()
    const offset = first.outputBytes
    await served.told('left')
    const second = await served.open({ ...OURS, session: key, offset })
    await second.shows(/meanwhile\r\n> $/)
    expect(first.output + second.output).toMatch(/^> sleep 0.3; echo mean""while\r\nmeanwhile\r\n> $/)
    expect(second.state).toMatchObject({ role: 'writer', writerKey: key })
    second.type('echo same shell $$\r')
    await second.shows(new RegExp(`same shell ${served.pid}`))
  })

  test('without an offset one is shown the last lines', async () => {
    const served = await serve({ command: SHELL, writable: true, keepMs: 60_000, shareLines: 3 })
    const first = await served.open(OURS)
    await first.shows(/> $/)
    first.type('seq 1 100\r')
    await first.shows(/99\r\n100\r\n> $/)
    first.close()
    await served.told('left')
    const second = await served.open({ ...OURS, session: first.state?.writerKey })
    await second.shows(/> $/)
    expect(second.output).toBe('\x1bc98\r\n99\r\n100\r\n> ')
  })

  test('until their time is up', async () => {
    const served = await serve({ command: SHELL, keepMs: 100 })
    const first = await served.open(OURS)
    await first.shows(/> $/)
    first.close()
    await served.told('idle')
    const second = await served.open({ ...OURS, session: first.state?.viewerKey })
    expect(await second.closed).toMatchObject({ code: 4404, reason: 'This session is over' })
  })

  test('one that has ended meanwhile still shows its end', async () => {
    const served = await serve({
      command: ['sh', '-c', 'read -t 0.2 line; echo the end; exit 5'],
      keepMs: 60_000,
    })
    const first = await served.open(OURS)
    await first.until(() => first.state !== undefined)
    first.close()
    await served.told('ended')
    const second = await served.open({ ...OURS, session: first.state?.viewerKey })
    expect(await second.closed).toMatchObject({ code: 4005 })
    expect(second.output).toContain('the end')
  })
})

describe('several at one session', () => {
  test('one writes, others read by a link; the right moves, the size is the writer’s', async () => {
    const served = await serve({ command: SHELL, writable: true })
    const ann = await served.open({ ...OURS, columns: 90, rows: 20 })
    await ann.shows(/> $/)
    const { viewerKey, writerKey } = ann.state ?? {}
    const bob = await served.open({ ...OURS, columns: 40, rows: 10, session: viewerKey })
    await bob.shows(/> $/)
    expect(bob.state).toMatchObject({ role: 'viewer', mayWrite: false, size: { columns: 90, rows: 20 }, viewers: 2 })
    expect(bob.state).not.toHaveProperty('writerKey')
    bob.type('echo never\r')
    bob.send('4')
    bob.send('1{"columns":10,"rows":10}')
    ann.type('stty size; echo both\r')
    await Promise.all([ann.shows(/20 90\r\nboth/), bob.shows(/20 90\r\nboth/)])
    expect(bob.output).not.toContain('never')
    const phone = await served.open({ ...OURS, columns: 30, rows: 60, session: writerKey })
    await phone.until(() => phone.state?.role === 'writer')
    await ann.until(() => ann.state?.role === 'viewer')
    ann.type('echo ignored\r')
    ann.send('4')
    await ann.until(() => ann.state?.role === 'writer')
    ann.type('echo again\r')
    await phone.shows(/again/)
    expect(phone.output).not.toContain('ignored')
  })

  test('shared: everybody without a key comes to the same program', async () => {
    const served = await serve({ command: SHELL, sessions: 'shared' })
    const one = await served.open()
    await one.shows(/> $/)
    const two = await served.open()
    await two.shows(/> $/)
    expect(served.endpoint.stats).toEqual({ clients: 2, sessions: 1 })
  })

  test('a recording has what was shown, in time, and is its owner’s alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-cast-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const recordTo = join(folder, 'demo.cast')
    const served = await serve({ command: SHELL, writable: true, recordTo })
    for (const word of ['one', 'two']) {
      const client = await served.open()
      await client.shows(/> $/)
      client.send('1{"columns":100,"rows":30}')
      client.type(`printf 'gr\\303\\274\\303\\237e ${word}\\n'; exit\r`)
      await client.closed
    }
    await served.endpoint.close()
    const [head, ...events] = readFileSync(recordTo, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(head).toMatchObject({ version: 2, width: 80, height: 24, env: { TERM: 'xterm-256color' } })
    expect(events).toContainEqual([expect.any(Number), 'r', '100x30'])
    const shown = events
      .filter(([, code]) => code === 'o')
      .map(([, , data]) => data)
      .join('')
    expect(shown).toContain('gr\u00fc\u00dfe one')
    expect(events.map(([time]) => time)).toEqual(events.map(([time]) => time).sort((a, b) => a - b))
    expect(statSync(recordTo).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'demo.2.cast'), 'utf8')).toContain('gr\u00fc\u00dfe two')
  })
})

describe('who may come in', () => {
  const basic = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`
  const credentials = ['ann:s3cret']

  test('a ticket of /token is good once, and is not the password', async () => {
    const served = await serve({ command: ['sh', '-c', 'echo $TTYD_USER'], credentials })
    expect((await fetch(`${served.http}/token`)).status).toBe(401)
    expect((await fetch(`${served.http}/`)).status).toBe(401)
    const response = await fetch(`${served.http}/token`, { headers: { authorization: basic } })
    const { token } = (await response.json()) as { token: string }
    expect(token).not.toContain(Buffer.from('ann:s3cret').toString('base64'))
    expect(Buffer.from(token, 'base64').toString()).not.toContain('s3cret')
    const client = await served.open({ AuthToken: token })
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(client.output).toBe('ann\r\n')
    expect(await (await served.open({ AuthToken: token })).closed).toMatchObject({ code: 1008 })
  })

  test.each([
    ['no token', {}, {}, 1008],
    ['a wrong one', { AuthToken: 'x' }, {}, 1008],
    ['a wrong password', { AuthToken: Buffer.from('ann:wrong').toString('base64') }, {}, 1008],
    [
      'the password, as clients send it that do not ask for a token',
      { AuthToken: Buffer.from('ann:s3cret').toString('base64') },
      {},
      1000,
    ],
    ['a wrong header', {}, { authorization: `Basic ${Buffer.from('ann:no').toString('base64')}` }, 401],
    ['the right one', {}, { authorization: basic }, 1000],
    ['a page of another origin', {}, { authorization: basic, origin: 'https://evil.example' }, 403],
  ])('%s', async (_what, hello, headers, code) => {
    const served = await serve({ command: ['true'], credentials })
    const client = await served.open(hello, '', headers)
    expect(await client.closed).toMatchObject({ code })
    expect(served.events.some((event) => event.type === 'started')).toBe(code === 1000)
  })

  test('a link to read opens its session to who has no password, and nothing else', async () => {
    const served = await serve({ command: SHELL, credentials, writable: true })
    const ann = await served.open(OURS, '', { authorization: basic })
    await ann.shows(/> $/)
    const guest = await served.open({ ...OURS, session: ann.state?.viewerKey })
    await guest.shows(/> $/)
    expect(guest.state).toMatchObject({ mayWrite: false })
    expect((await fetch(`${served.http}/view`)).status).not.toBe(401)
    expect((await fetch(`${served.http}/token`)).status).toBe(401)
  })

  test('nothing of the URL becomes an argument unless that was asked for, and never a command', async () => {
    const plain = await serve({ command: ['echo', 'fixed'] })
    const one = await plain.open({}, '?arg=more')
    await one.closed
    expect(one.output).toBe('fixed\r\n')
    const open = await serve({ command: ['echo', 'fixed'], urlArgs: true })
    const two = await open.open({}, '?arg=$(id)&arg=%3B%20ls')
    await two.closed
    expect(two.output).toBe('fixed $(id) ; ls\r\n')
    expect(await (await open.open({}, '?arg=%00')).closed).toMatchObject({ code: 400 })
  })

  test('once, and so many at a time', async () => {
    const once = await serve({ command: ['cat'], once: true })
    const first = await once.open()
    await first.until(() => first.title !== undefined)
    expect(await (await once.open()).closed).toMatchObject({ code: 1008 })
    first.close()
    await once.told('idle')
    expect(await (await once.open()).closed).toMatchObject({ code: 1008 })
    const few = await serve({ command: ['cat'], maxClients: 1 })
    const only = await few.open()
    await only.until(() => only.title !== undefined)
    expect(await (await few.open()).closed).toMatchObject({ code: 503 })
    const full = await serve({ command: ['cat'], maxSessions: 1 })
    await (await full.open()).until(() => full.pid > 0)
    expect(await (await full.open()).closed).toMatchObject({ code: 1013 })
  })

  test('who says nothing, or no JSON, is not waited for', async () => {
    const served = await serve({ command: ['cat'], helloTimeoutMs: 50 })
    const silent = await TtyClient.open(served.url, null)
    expect(await silent.closed).toMatchObject({ code: 1008 })
    const wrong = await TtyClient.open(served.url, null)
    wrong.send('0ls')
    expect(await wrong.closed).toMatchObject({ code: 1008 })
  })

  test('below a path of its own; what is elsewhere is left alone', async () => {
    const served = await serve({ command: ['echo', 'hi'], basePath: '/a/term' })
    expect(await (await served.open()).closed).toMatchObject({ code: 1000 })
    const root = served.http.replace('/a/term', '')
    expect((await fetch(`${root}/other`)).status).toBe(418)
    const redirect = await fetch(served.http, { redirect: 'manual' })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([307, './term/'])
    expect((await fetch(`${served.http}/../../etc/passwd`)).status).toBe(418)
    expect((await fetch(`${served.http}/assets/..%2findex.html`)).status).toBe(404)
  })

  test.each([
    [{ command: [] }, /command/],
    [{ command: ['a'], basePath: 'term' }, /basePath/],
    [{ command: ['a'], basePath: '/term/' }, /basePath/],
    [{ command: ['a'], scrollbackBytes: 1000 }, /scrollbackBytes/],
    [{ command: ['a'], keepMs: -1 }, /keepMs/],
    [{ command: ['a'], maxSessions: 0 }, /maxSessions/],
    [{ command: ['a'], sessions: 'many' as 'each' }, /sessions/],
    [{ command: ['a'], credentials: ['x'] }, /credentials/],
  ])('%j is refused', (options, why) => expect(() => new TerminalEndpoint(options)).toThrow(why))
})
