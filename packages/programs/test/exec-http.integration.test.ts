import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ExecEvent, ExecHttp, type ExecHttpOptions } from '@wigwag/programs'
import { Admission } from '@wigwag/socket'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openPipes } from './support/open-pipes.ts'

let folder: string
const events: ExecEvent[] = []
const open: { http: Server; plain: ExecHttp }[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wigwag-http-'))
  mkdirSync(join(folder, 'files/below'), { recursive: true })
  mkdirSync(join(folder, 'files/cgi'))
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'files/index.html'), '<h1>hello</h1>')
  writeFileSync(join(folder, 'files/below/index.html'), 'below')
  writeFileSync(join(folder, 'files/empty.txt'), '')
  writeFileSync(join(folder, 'files/.htpasswd'), 'secret')
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'files/out'))
  const script = (name: string, body: string): void =>
    writeFileSync(join(folder, 'files/cgi', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  script(
    'hello',
    'printf "Content-Type: text/plain\\nX-A: 1\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\n"; echo "$REQUEST_METHOD $PATH_INFO"',
  )
  script('echo', 'printf "Content-Type: $CONTENT_TYPE\\n\\n$CONTENT_LENGTH:"; cat')
  script('gone', 'printf "Status: 410 Gone\\n\\n"')
  script('elsewhere', 'printf "Location: /there\\n\\n"')
  script('broken', 'echo oh no')
  script('silent', 'sleep 1000')
  script('endless', 'printf "A: b\\n\\n"; exec yes')
  script('large', 'printf "A: b\\n\\n"; head -c 5000000 /dev/zero')
  script('smuggle', 'printf "Transfer-Encoding: chunked\\nConnection: upgrade\\n\\nbody"')
})

afterAll(async () => {
  for (const { http, plain } of open) {
    await plain.close()
    http.closeAllConnections()
    http.close()
  }
  rmSync(folder, { recursive: true })
})

async function serve(options: Partial<ExecHttpOptions> = {}): Promise<string> {
  const plain = new ExecHttp({
    admission: new Admission(),
    staticFolder: join(folder, 'files'),
    cgiFolder: join(folder, 'files/cgi'),
    cgiTimeoutMs: 5000,
    killLadder: { inputGraceMs: 50, interruptGraceMs: 0, terminateGraceMs: 0 },
    onEvent: (event) => events.push(event),
    ...options,
  })
  const http = createServer((incoming, response) => void plain.answer(http, incoming, response))
  open.push({ http, plain })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** The status of a path that no client would send as it is. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { path }, (answer) => resolve(answer.resume().statusCode))
      .once('error', reject)
      .end()
  })
}

/** How many programs were started and have not ended. */
function running(): number {
  const pids = (type: ExecEvent['type']): number[] =>
    events.flatMap((event) => (event.type === type && 'pid' in event ? [event.pid] : []))
  const ended = new Set(pids('ended'))
  return pids('started').filter((pid) => !ended.has(pid)).length
}

describe('files', () => {
  test('are served with their type, and not twice to who has them', async () => {
    const url = await serve()
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<h1>hello</h1>',
    ])
    const again = await fetch(url, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    expect((await fetch(`${url}/empty.txt`)).status).toBe(200)
    expect((await fetch(`${url}/index.html`, { method: 'POST' })).status).toBe(405)
  })

  test('a folder is asked for with a slash', async () => {
    const url = await serve()
    const answer = await fetch(`${url}/below`)
    expect([answer.url, await answer.text()]).toEqual([`${url}/below/`, 'below'])
  })

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/below/..%2f..%2fsecret.txt',
    '/out',
    '/.htpasswd',
    '/cgi/hello',
    '/nothing',
    '/index.html/more',
    '//secret.txt',
  ])('%s is not there', async (path) => {
    expect(await statusOf(await serve(), path)).toBe(404)
  })

  test('nobody gets any without the password, or with a foreign name', async () => {
    const url = await serve({ credentials: ['ada:secret'] })
    expect((await fetch(url)).status).toBe(401)
    const headers = { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` }
    expect((await fetch(url, { headers })).status).toBe(200)
    expect((await fetch(url, { headers: { ...headers, origin: 'http://evil.example' } })).status).toBe(403)
  })
})

describe('CGI programs', () => {
  test('answer requests', async () => {
    const url = await serve({ headers: { 'X-Ours': 'yes' } })
    const answer = await fetch(`${url}/hello/more`)
    expect([answer.status, answer.headers.get('x-a'), answer.headers.get('x-ours')]).toEqual([200, '1', 'yes'])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await answer.text()).toBe('GET /more\n')
    expect((await fetch(`${url}/hello`, { method: 'HEAD' })).headers.get('x-a')).toBe('1')
  })

  test('read the body', async () => {
    const answer = await fetch(`${await serve()}/echo`, {
      method: 'POST',
      body: 'a body',
      headers: { 'content-type': 'text/x' },
    })
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['text/x', '6:a body'])
  })

  const asks: [string, { site: string; mode: string; dest: string; path?: string }, number][] = [
    ['a picture on a page of another site', { site: 'cross-site', mode: 'no-cors', dest: 'image' }, 403],
    ['a frame of one', { site: 'cross-site', mode: 'navigate', dest: 'iframe' }, 403],
    ['a page beside ours', { site: 'same-site', mode: 'no-cors', dest: 'script' }, 403],
    ['our own page', { site: 'same-origin', mode: 'no-cors', dest: 'image' }, 200],
    ['a link', { site: 'cross-site', mode: 'navigate', dest: 'document' }, 403],
    ['a link to a file', { site: 'cross-site', mode: 'navigate', dest: 'document', path: '/' }, 200],
    ['a picture of a file', { site: 'cross-site', mode: 'no-cors', dest: 'image', path: '/' }, 403],
  ]
  test.each(asks)('and %s', async (_what, { site, mode, dest, path = '/hello' }, status) => {
    const url = `${await serve()}${path}`
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    const answered = await new Promise((resolve, reject) => {
      request(url, { headers }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end()
    })
    expect(answered).toBe(status)
  })

  test('are not asked to read one that is too large', async () => {
    const answer = await fetch(`${await serve({ maxBodyBytes: 5 })}/echo`, { method: 'POST', body: 'a body' })
    expect(answer.status).toBe(413)
  })

  test.each([
    ['gone', 410],
    ['elsewhere', 302],
    ['broken', 502],
  ])('%s', async (name, status) => {
    expect((await fetch(`${await serve()}/${name}`, { redirect: 'manual' })).status).toBe(status)
  })

  test('that never answer are ended', async () => {
    events.length = 0
    expect((await fetch(`${await serve({ cgiTimeoutMs: 50 })}/silent`)).status).toBe(504)
    expect(events.map(({ type }) => type)).toContain('refused')
  })

  test.runIf(process.platform === 'linux')('whose clients leave in the middle leave nothing open', async () => {
    const url = await serve()
    await fetch(`${url}/hello`)
    const before = openPipes()
    events.length = 0
    for (let i = 0; i < 32; i++) {
      await new Promise<void>((resolve, reject) => {
        request(`${url}/endless`, { agent: false }, (answer) => {
          answer.once('data', () => resolve(void answer.destroy()))
        })
          .once('error', reject)
          .end()
      })
    }
    await vi.waitFor(() => expect(running()).toBe(0), 5000)
    // Up to 16 are kept for the next programs.
    await vi.waitFor(() => expect(openPipes() - before).toBeLessThanOrEqual(16), 5000)
  })

  test('whose clients have left before they were started end all the same', async () => {
    const { port } = new URL(await serve())
    events.length = 0
    for (let i = 0; i < 8; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write('GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n', () => {
            socket.once('close', () => resolve()).resetAndDestroy()
          })
        })
      })
    }
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'started').length).toBeGreaterThan(0), 5000)
    await vi.waitFor(() => expect(running()).toBe(0), 5000)
  })

  test('may answer at length', async () => {
    const answer = await fetch(`${await serve()}/large`)
    expect((await answer.arrayBuffer()).byteLength).toBe(5_000_000)
  })

  test('do not speak for the connection', async () => {
    const answer = await fetch(`${await serve()}/smuggle`)
    expect([await answer.text(), answer.headers.get('connection')]).toEqual(['body', 'keep-alive'])
  })
})

test('where there is only a WebSocket a plain request is told so', async () => {
  const plain = new ExecHttp({ admission: new Admission() })
  const http = createServer((incoming, response) => void plain.answer(http, incoming, response))
  open.push({ http, plain })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  expect((await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)).status).toBe(426)
})
