import { once } from 'node:events'
import { get } from 'node:http'
import type { TerminalOptions } from '@wigwag/programs/term'
import { afterEach, describe, expect, test } from 'vitest'
import { ServedTerminal } from './support/served-terminal.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(options: TerminalOptions): Promise<ServedTerminal> {
  const served = await ServedTerminal.start(options)
  cleanups.push(() => served[Symbol.asyncDispose]())
  return served
}

/** Says what it reads, and how large it is. */
const ECHO = ['sh', '-c', 'stty -echo; echo ready; while read line; do echo "read $line at $(stty size)"; done']

describe('a name that was bound to our address', () => {
  test.each(['/', '/token', '/view', '/assets/x.js', '/ws'])('is not answered at %s', async (path) => {
    const served = await serve({ command: ['true'] })
    const [response] = await once(get(`${served.http}${path}`, { headers: { host: 'evil.example' } }), 'response')
    response.resume()
    expect(response.statusCode).toBe(403)
  })

  test('opens no terminal, and starts nothing', async () => {
    const served = await serve({ command: ['true'] })
    const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const headers = { ...upgrade, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', host: 'evil.example' }
    const [response] = await once(get(`${served.http}/ws`, { headers }), 'response')
    response.resume()
    expect(response.statusCode).toBe(403)
    expect(served.events.filter(({ type }) => type === 'started')).toEqual([])
  })
})

describe('what no client may', () => {
  test('type, resize or take the right to write, with a link to read', async () => {
    const served = await serve({ command: ECHO, writable: true })
    const writer = await served.open({ wigwag: 1, columns: 90, rows: 30 })
    await writer.shows(/ready/)
    const reader = await served.open({ wigwag: 1, session: writer.state?.viewerKey, columns: 5, rows: 5 })
    await reader.shows(/ready/)
    for (const message of ['0evil\r', '4', '0evil\r', '1{"columns":7,"rows":7}']) reader.send(message)
    // Its messages are read in order: when it is gone they have been.
    reader.close()
    await served.told('left')
    writer.type('good\r')
    await writer.shows(/at 30 90/)
    expect(writer.output).toContain('read good at 30 90')
    expect(writer.output).not.toContain('evil')
    expect(writer.state).toMatchObject({ role: 'writer', size: { columns: 90, rows: 30 } })
  })

  test('type where nobody may, whatever they ask for', async () => {
    const served = await serve({ command: ECHO })
    const client = await served.open({ wigwag: 1, writable: true, role: 'writer', mayWrite: true })
    await client.shows(/ready/)
    client.send('4')
    client.type('evil\r')
    client.close()
    await served.told('left')
    expect(client.output).not.toContain('evil')
    expect(client.states.every(({ mayWrite, role }) => !mayWrite && role === 'viewer')).toBe(true)
  })

  test.each([
    ['in its first message', { columns: 1e9, rows: 1e9 }, []],
    ['later', {}, ['1{"columns":4294967295,"rows":4294967295}']],
  ])('have a program allocate a giant screen: %s', async (_when, hello, messages) => {
    const served = await serve({ command: ECHO, writable: true })
    const client = await served.open(hello)
    await client.shows(/ready/)
    for (const message of messages) client.send(message)
    client.type('here\r')
    await client.shows(/read here at 500 1000/)
  })

  test('have more wait for a program that reads nothing than one client may say, one client after the other', async () => {
    const script = 'stty raw -echo; echo ready; dd bs=1 count=1 of=/dev/null 2>/dev/null; echo got; sleep 1000'
    const served = await serve({ command: ['sh', '-c', script], writable: true, keepMs: 60_000 })
    const first = await served.open({ wigwag: 1 })
    await first.shows(/ready/)
    first.type('x'.repeat(1_000_000))
    await first.shows(/got/)
    const second = await served.open({ wigwag: 1, session: first.state?.writerKey })
    await second.until(() => second.state?.role === 'writer')
    second.type('x'.repeat(100_000))
    expect(await second.closed).toMatchObject({ code: 1008, reason: 'More waits for the program than it may' })
  })

  test('disturb a session with what is no message, or no size', async () => {
    const served = await serve({ command: ECHO, writable: true })
    const client = await served.open({ columns: 81, rows: 25 })
    await client.shows(/ready/)
    const sizes = ['0', '-1', '1.5', '1e999', 'null', '"9"', '[]', '{}'].map((n) => `1{"columns":${n},"rows":${n}}`)
    const padded = `1{"columns":9,"rows":9,"pad":"${'x'.repeat(5000)}"}`
    const others = [
      '',
      '\0',
      '5',
      '9x',
      '\xff',
      '1',
      '1{',
      '1null',
      '1[]',
      '{"AuthToken":"","columns":9,"rows":9}',
      padded,
    ]
    for (const message of [...sizes, ...others]) client.send(message)
    client.type('here\r')
    await client.shows(/read here at 25 81/)
    expect(served.events.filter(({ type }) => type === 'started')).toHaveLength(1)
  })

  test('guess: of every wrong password each is as wrong, and starts nothing', async () => {
    const served = await serve({ command: ['true'], credentials: ['ann:s3cret'], writable: true })
    const pairs = ['', 'ann', 'ann:', ':s3cret', 'ann:s3cre', 'ann:s3cret ', 'ANN:s3cret', 'ann:s3cret\0', 's3cret:ann']
    for (const pair of pairs) {
      const token = Buffer.from(pair).toString('base64')
      const told = await (await served.open({ AuthToken: token })).closed
      expect([pair, told.code, told.reason]).toEqual([pair, 1008, 'The token is not good'])
      const headers = { authorization: `Basic ${token}` }
      expect(await (await served.open({}, '', headers)).closed).toMatchObject({ code: 401 })
      expect((await fetch(`${served.http}/token`, { headers })).status).toBe(401)
    }
    expect(served.events.every(({ type }) => type === 'refused')).toBe(true)
  })
})
