import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ExecEvent, SharedEndpoint, type SharedOptions } from '@wigwag/programs'
import { refuse } from '@wigwag/socket'
import { describe, expect, test, vi } from 'vitest'
import { sessionMembers } from '../src/process/session-members.ts'
import { Client, shell } from './support/exec-server.ts'

const QUICK = { inputGraceMs: 50, interruptGraceMs: 50, terminateGraceMs: 50 }

async function share(options: SharedOptions) {
  const events: ExecEvent[] = []
  const endpoint = new SharedEndpoint({ killLadder: QUICK, onEvent: (event) => events.push(event), ...options })
  const http = createServer()
  endpoint.attach(http)
  await endpoint.start()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    events,
    endpoint,
    ws: `ws://127.0.0.1:${port}`,
    http: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await endpoint.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** Says what it is told to. */
const ECHO: SharedOptions = { command: ['cat'], input: true }

describe('one program for all', () => {
  test('everybody is sent the same, and who comes later the last of it', async () => {
    await using server = await share({ ...ECHO, historySize: 2 })
    const first = await Client.connect(server.ws)
    for (const line of ['1', '2', '3']) first.socket.send(line)
    expect(await first.take(3)).toEqual(['1', '2', '3'])
    const second = await Client.connect(server.ws)
    expect(await second.take(2)).toEqual(['2', '3'])
    second.socket.send('4')
    expect(await second.take(3)).toEqual(['2', '3', '4'])
    expect(await first.take(4)).toEqual(['1', '2', '3', '4'])
    expect(server.endpoint.stats.processes).toBe(1)
  })

  test('it runs when nobody is there', async () => {
    await using server = await share({ command: shell('echo early; sleep 1000') })
    const client = await Client.connect(server.ws)
    expect(await client.take(1)).toEqual(['early'])
  })

  test('who sends something to a program without input is told so', async () => {
    await using server = await share({ command: shell('sleep 1000') })
    const client = await Client.connect(server.ws)
    client.socket.send('hello')
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'This program takes no input' })
  })

  test('bytes stay bytes', async () => {
    await using server = await share({ ...ECHO, format: 'binary' })
    const client = await Client.connect(server.ws)
    client.socket.send(Buffer.from([0, 255]))
    expect(Buffer.concat((await client.take(1)) as Buffer[])).toEqual(Buffer.from([0, 255]))
  })
})

describe('the channel', () => {
  test('has the output for polls and event streams, and takes nothing', async () => {
    await using server = await share(ECHO)
    const client = await Client.connect(server.ws)
    client.socket.send('hello')
    await client.take(1)
    expect(await (await fetch(`${server.http}/channel/output`)).text()).toBe('hello')
    expect((await fetch(`${server.http}/channel/output`, { method: 'POST', body: 'forged' })).status).toBe(403)
    expect((await fetch(`${server.http}/channel/other`)).status).toBe(403)
    const lines = await Client.connect(`${server.ws}/channel/output?after=x:0&live=1`, {
      subprotocols: ['wigwag.publication.v1'],
    })
    const got = (await lines.take(3)).map((line) => JSON.parse(String(line)))
    expect(got).toMatchObject([{ gap: { reason: 'epoch-changed' } }, { offset: 1, data: 'hello' }, { live: {} }])
  })

  test('goes on for its readers when the one WebSocket beside it has stalled', async () => {
    const script = "p=$(head -c 60000 /dev/zero | tr '\\0' x); while :; do echo $p; sleep 0.001; done"
    await using server = await share({ command: shell(script), historySize: 1 })
    const stalled = await Client.connect(server.ws)
    stalled.socket.pause()
    const place = async (): Promise<string | null> => {
      const latest = await fetch(`${server.http}/channel/output`)
      await latest.arrayBuffer()
      return latest.headers.get('etag')
    }
    // Alone it holds the program up.
    let before = await place()
    await vi.waitFor(
      async () => {
        const now = await place()
        const isHeld = now === before
        before = now
        expect(isHeld).toBe(true)
      },
      { timeout: 10_000, interval: 200 },
    )
    const reader = await Client.connect(`${server.ws}/channel/output`)
    await reader.take(200)
    stalled.socket.resume()
    expect(await stalled.closed).toMatchObject({ code: 1013 })
  })

  test('is behind the same doors as the WebSocket', async () => {
    const authorize: SharedOptions['authorize'] = ({ target }) => target.includes('let=me') || refuse(403, 'No.')
    await using server = await share({ ...ECHO, credentials: ['ada:secret'], authorize })
    const url = `${server.http}/channel/output`
    const headers = { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` }
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers })).status).toBe(403)
    expect((await fetch(`${url}?let=me`, { headers })).status).toBe(204)
    await expect(Client.connect(`${server.ws}/?let=me`)).rejects.toMatchObject({ status: 401 })
    await expect(Client.connect(server.ws, { headers })).rejects.toMatchObject({ status: 403 })
    await Client.connect(`${server.ws}/?let=me`, { headers })
  })
})

describe('its end', () => {
  test('with status 0 is told to all, and to who comes later behind the last lines', async () => {
    await using server = await share({ command: shell('read go; echo bye'), input: true })
    const client = await Client.connect(server.ws)
    client.socket.send('go')
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(client.messages).toEqual(['bye'])
    const late = await Client.connect(server.ws)
    expect(await late.closed).toMatchObject({ code: 1000 })
    expect(late.messages).toEqual(['bye'])
  })

  test('with another status has it started again', async () => {
    await using server = await share({ command: shell('read go; echo $$; exit 1'), input: true, restartDelayMs: 1 })
    const client = await Client.connect(server.ws)
    client.socket.send('go')
    await client.take(1)
    while (server.events.filter(({ type }) => type === 'started').length < 2) await new Promise(setImmediate)
    client.socket.send('go')
    const [first, second] = await client.take(2)
    expect(first).not.toBe(second)
  })

  test('comes with that of the server', async () => {
    const server = await share({ command: shell('trap "" INT TERM; echo $$; sleep 1000 & sleep 1000') })
    const client = await Client.connect(server.ws)
    const pid = Number((await client.take(1))[0])
    await server[Symbol.asyncDispose]()
    expect(await client.closed).toMatchObject({ code: 1001 })
    expect(sessionMembers(pid)).toEqual([])
  })

  test('a program that cannot be started at all is an error at once', async () => {
    await expect(share({ command: ['/nowhere/at/all'] })).rejects.toMatchObject({ code: 'ERR_PROGRAM_START' })
  })
})
