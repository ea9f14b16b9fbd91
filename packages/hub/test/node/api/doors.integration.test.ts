import { type Broker, HubError } from '@wigwag/hub'
import { ChannelEndpoint, createHub, createMemoryBroker } from '@wigwag/hub/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { connectRaw } from '../../support/raw-http.ts'
import { API_KEY, serveApi } from '../../support/served-api.ts'
import { serveChannels } from '../../support/served-channels.ts'
import { nextEvent } from '../../support/served-sessions.ts'

const publish = JSON.stringify({ channel: 'a', data: 1 })

describe('a key', () => {
  test.each([
    ['X-API-Key', { 'x-api-key': API_KEY }, 200],
    ['Authorization', { authorization: `apikey ${API_KEY}` }, 200],
    ['Authorization, in other letters', { authorization: `ApiKey  ${API_KEY}` }, 200],
    ['none', {}, 401],
    ['an empty one', { 'x-api-key': '' }, 401],
    ['another', { 'x-api-key': `${API_KEY}x` }, 401],
    ['its beginning', { 'x-api-key': API_KEY.slice(0, -1) }, 401],
    ['as a token', { authorization: `Bearer ${API_KEY}` }, 401],
    ['a good one behind a bad one', { 'x-api-key': 'bad', authorization: `apikey ${API_KEY}` }, 401],
  ])('%s', async (_name, headers, status) => {
    const { url, hub } = await serveApi()
    const response = await fetch(url('/api/publish'), { method: 'POST', body: publish, headers })
    expect(response.status).toBe(status)
    const body = await response.text()
    if (status === 200) expect(JSON.parse(body)).toHaveProperty('result')
    else {
      expect(JSON.parse(body)).toEqual({ error: { code: 101, message: expect.stringContaining('X-API-Key: KEY') } })
      expect(response.headers.get('www-authenticate')).toBe('apikey')
      expect((await hub.history('a')).position?.offset).toBe(0)
    }
    expect(body).not.toContain(API_KEY)
  })

  test('in the URL is none', async () => {
    const { url } = await serveApi()
    expect((await fetch(url(`/api/publish?api_key=${API_KEY}`), { method: 'POST', body: publish })).status).toBe(401)
  })

  test('may be one of several', async () => {
    const keys = ['the old key of a server', 'the new key of a server'].map((key) => key.replaceAll(' ', '-'))
    const { url } = await serveApi({ api: { keys } })
    for (const key of keys) {
      const headers = { 'x-api-key': key }
      expect((await fetch(url('/api/info'), { method: 'POST', headers })).status).toBe(200)
    }
    expect((await fetch(url('/api/info'), { method: 'POST', headers: { 'x-api-key': API_KEY } })).status).toBe(401)
  })

  test.each([[[]], [''], ['short'], [[API_KEY, 'short']], ['with white space in it'], [[5]], [undefined]])(
    '%j cannot be one, and is not quoted',
    (keys) => {
      const hub = createHub()
      const make = (): ChannelEndpoint => new ChannelEndpoint(hub, { api: { keys: keys as string } })
      expect(make).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('api.keys') }),
      )
      expect(make).not.toThrow(/short|white space in/)
    },
  )
})

test.each(['', '/', 'api', '/api/', '/a//b', '/a b', '/:method', '/*'])('%j cannot be its path', (path) => {
  const make = (): ChannelEndpoint => new ChannelEndpoint(createHub(), { api: { keys: API_KEY, path } })
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('api.path') }))
})

test('without a key in the options there is no API', async () => {
  const { url, server } = await serveChannels()
  server.on('request', (_incoming, response) => response.end("the application's own"))
  expect(await (await fetch(url('/api/info'), { method: 'POST' })).text()).toBe("the application's own")
})

test('paths beside it are left alone, and it may be elsewhere', async () => {
  const { url, server } = await serveApi({ basePath: '/push', api: { path: '/server/api' } })
  server.on('request', (_incoming, response) => response.end("the application's own"))
  const headers = { 'x-api-key': API_KEY }
  const ask = async (path: string): Promise<string> =>
    (await fetch(url(path), { method: 'POST', headers, body: '{}' })).text()
  for (const path of ['/api/info', '/push/api/info', '/push/server/apis', '/push/server', '/server/api/info']) {
    expect(await ask(path), path).toBe("the application's own")
  }
  for (const path of ['/push/server/api/info', '/push/server/api/info?x=1']) expect(await ask(path)).toContain('nodes')
})

describe('HTTP', () => {
  test.each([
    ['POST', '/api/unknown', 404, 104],
    ['POST', '/api/toString', 404, 104],
    ['POST', '/api/publish/', 404, 104],
    ['POST', '/api/publish/a', 404, 104],
    ['GET', '/api/publish', 405, 107],
    ['PUT', '/api', 405, 107],
    ['DELETE', '/api/batch', 405, 107],
    ['POST', '/api/openapi.json', 404, 104],
    ['PUT', '/api/openapi.json', 405, 107],
  ])('%s %s is %i', async (method, path, status, code) => {
    const { url } = await serveApi()
    const response = await fetch(url(path), { method, headers: { 'x-api-key': API_KEY } })
    expect([response.status, ((await response.json()) as { error: { code: number } }).error.code]).toEqual([
      status,
      code,
    ])
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^(GET|POST)$/)
  })

  test('a request that is too large is 413, whether it says so or not', async () => {
    const { url, call } = await serveApi({ api: { maxBodyBytes: 100 } })
    expect((await call('publish', { channel: 'a', data: 'x'.repeat(100) })).status).toBe(413)
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(101).fill(32))
        controller.close()
      },
    })
    const headers = { 'x-api-key': API_KEY }
    const response = await fetch(url('/api/publish'), { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual({ error: { code: 107, message: expect.stringContaining('100 bytes') } })
  })

  test.each([
    [{ 'content-type': 'application/json' }, 200],
    [{ 'content-type': 'application/json; charset=utf-8' }, 200],
    [{ 'content-type': 'application/vnd.api+json' }, 200],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 200],
    [{ 'content-type': 'text/plain' }, 200],
    [{ 'content-type': 'multipart/form-data; boundary=x' }, 415],
    [{ 'content-type': 'application/octet-stream' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
  ])('%j is %i', async (headers, status) => {
    const { call } = await serveApi()
    expect((await call('publish', publish, headers as Record<string, string>)).status).toBe(status)
  })

  test('what is no UTF-8 is error 107', async () => {
    const { url } = await serveApi()
    const headers = { 'x-api-key': API_KEY }
    const response = await fetch(url('/api/info'), { method: 'POST', headers, body: Buffer.from([0x22, 0xff, 0x22]) })
    expect(await response.json()).toEqual({ error: { code: 107, message: expect.stringContaining('UTF-8') } })
  })

  test('a body that drips is given up, and the connection with it', async () => {
    const { port } = await serveApi({ bodyTimeoutMs: 100 })
    const raw = await connectRaw(port)
    raw.write('POST /api/info HTTP/1.1', 'Host: localhost', `X-API-Key: ${API_KEY}`, 'Content-Length: 10')
    expect(await raw.until(/\r\n\r\n\{/)).toMatch(/^HTTP\/1\.1 408 /)
    await raw.closed
  })

  test('a caller that leaves in the middle of its request is no error of the server', async () => {
    const reports = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => reports.mockRestore())
    const { port, call, server } = await serveApi()
    const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)))
    const raw = await connectRaw(port)
    const head = ['Host: localhost', `X-API-Key: ${API_KEY}`, 'Content-Length: 10', 'Expect: 100-continue']
    raw.write('POST /api/info HTTP/1.1', ...head)
    await raw.until(/100 Continue/)
    raw.socket.destroy()
    await closed
    await call('info')
    expect(reports).not.toHaveBeenCalled()
  })

  test.each([
    ['HTTP/1.0, without Host', ['POST /api/info HTTP/1.0']],
    ['a whole URL', ['POST http://localhost/api/info HTTP/1.1', 'Host: localhost', 'Connection: close']],
    ['an encoded name', ['POST /api/%69nfo HTTP/1.1', 'Host: localhost', 'Connection: close']],
  ])('%s', async (_name, head) => {
    const { port } = await serveApi()
    const raw = await connectRaw(port)
    raw.write(...head, `X-API-Key: ${API_KEY}`, 'Content-Length: 0')
    expect(await raw.until(/"nodes"/)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('dots in a path lead nowhere', async () => {
    const { port } = await serveApi()
    for (const path of ['/api/../api/info', '/api/x/../info', '/api//info', '/api/%2e%2e/info']) {
      const raw = await connectRaw(port)
      raw.write(
        `POST ${path} HTTP/1.1`,
        'Host: localhost',
        `X-API-Key: ${API_KEY}`,
        'Content-Length: 0',
        'Connection: close',
      )
      expect(await raw.until(/\r\n\r\n/), path).toMatch(/^HTTP\/1\.1 404 /)
    }
  })

  test('answers are kept by no cache', async () => {
    const { call } = await serveApi()
    const { headers } = await call('info')
    expect([headers.get('cache-control'), headers.get('content-type')]).toEqual(['no-store', 'application/json'])
  })

  test('a page of another origin is refused, whatever it brings', async () => {
    const { call } = await serveApi()
    expect((await call('info', {}, { origin: 'https://evil.example' })).status).toBe(403)
  })

  test('one without a key is counted by its address; one with a key is not', async () => {
    const { url, call } = await serveApi({ addressLimits: { maxRequestsPerSecond: 1, maxBurst: 2, exempt: [] } })
    const asking = Array.from({ length: 20 }, () => fetch(url('/api/info'), { method: 'POST' }))
    const statuses = (await Promise.all(asking)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(10)
    for (let i = 0; i < 4; i++) expect((await call('info')).status).toBe(200)
  })
})

test('while the hub drains calls are answered, each on its last connection', async () => {
  const { hub, call, client } = await serveApi()
  const one = client()
  const connecting = nextEvent(one, 'connected')
  one.connect()
  await connecting
  expect((await call('info')).headers.get('connection')).toBe('keep-alive')
  const draining = hub.drain({ overMs: 500 })
  const { body, headers } = await call('publish', { channel: 'a', data: 1 })
  expect([body.result.offset, headers.get('connection')]).toEqual([1, 'close'])
  await draining
})

describe('errors with a status (X-Centrifugo-Error-Mode: transport)', () => {
  const headers = { 'x-centrifugo-error-mode': 'transport' }

  test.each([
    ['publish', { channel: 'a' }, 400, 107],
    ['publish', { channel: 'other:a', data: 1 }, 404, 102],
    ['presence', { channel: 'a' }, 400, 108],
    ['rpc', { method: 'none' }, 404, 104],
    ['history', { channel: 'a', since: { offset: 5, epoch: 'another' } }, 416, 112],
  ])('%s %j: %i', async (method, request, status, code) => {
    const { call } = await serveApi({ namespaces: { '': {} }, serverRpc: {} })
    const answer = await call(method, request, headers)
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
    expect((await call(method, request)).status).toBe(200)
  })

  test('a broker that is away: 500, and not where it is', async () => {
    const memory = createMemoryBroker()
    const away = (): Promise<never> =>
      Promise.reject(new HubError('ERR_BROKER_UNAVAILABLE', 'Redis at 10.1.2.3:6379 cannot be used.'))
    const broker: Broker = new Proxy(memory, {
      get: (target, name) => {
        if (name === 'publish') return away
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { call } = await serveApi({ broker })
    const { status, body } = await call('publish', { channel: 'a', data: 1 }, headers)
    expect([status, body.error.code]).toEqual([500, 100])
    expect(body.error.message).toContain('away')
    expect(body.error.message).not.toContain('10.1.2.3')
  })
})

describe('batch', () => {
  test.each([false, true])('replies in the order of its commands; parallel: %s', async (parallel) => {
    const { call } = await serveApi({ namespaces: { '': {} } })
    const commands = [
      { publish: { channel: 'a', data: 1 } },
      { publish: { channel: 'other:a', data: 1 } },
      { history: { channel: 'a', limit: 1 } },
      { unknown: {} },
      { batch: { commands: [] } },
      {},
      { info: {}, channels: {} },
    ]
    const { status, body } = await call('batch', { commands, parallel })
    expect([status, Object.keys(body)]).toEqual([200, ['replies']])
    const errors = body.replies.map((reply: { error?: { code: number } }) => reply.error?.code)
    expect(errors).toEqual([undefined, 102, undefined, 104, 104, 107, 107])
    expect(body.replies[0]).toEqual({ publish: { offset: 1, epoch: expect.any(String) } })
    if (!parallel) expect(body.replies[2].history.offset).toBe(1)
  })

  test('publications of one that is not parallel are in order', async () => {
    const { call, hub } = await serveApi()
    const commands = Array.from({ length: 100 }, (_, data) => ({ publish: { channel: 'a', data } }))
    await call('batch', { commands })
    const { publications } = await hub.history('a', undefined, {})
    expect(publications.map(({ data }) => data)).toEqual(commands.map(({ publish: { data } }) => data))
  })

  test.each([
    [{}, '"commands" is missing: it must be a list of commands'],
    [{ commands: {} }, '"commands" must be a list of commands'],
    [{ commands: [1] }, '"commands.0" must be an object with one method and its request'],
    [{ commands: [{}, {}, {}] }, '"commands" must be a list of at most 2'],
  ])('%j is error 107', async (request, message) => {
    const { call } = await serveApi({ api: { maxBatchCommands: 2 } })
    expect((await call('batch', request)).body).toEqual({ error: { code: 107, message } })
  })
})

describe('the older form, POST /api', () => {
  test('one command, however it is laid out', async () => {
    const { call } = await serveApi()
    const command = { method: 'publish', params: { channel: 'a', data: 1 } }
    expect((await call('', command)).body).toEqual({ result: { offset: 1, epoch: expect.any(String) } })
    expect((await call('', JSON.stringify(command, null, 2))).body).toHaveProperty('result')
    expect((await call('', { method: 'info' })).body).toHaveProperty('result')
  })

  test('one a line, each with its reply', async () => {
    const { call } = await serveApi()
    const lines = ['{"method":"publish","params":{"channel":"a","data":1}}', '{"method":"none"}', '{"params":{}}', '5']
    const { status, body } = await call('', `${lines.join('\n')}\n`)
    const replies = body.split('\n').map((line: string) => JSON.parse(line))
    expect(status).toBe(200)
    expect(replies.map((reply: { error?: { code: number } }) => reply.error?.code)).toEqual([undefined, 104, 107, 107])
  })

  test('what cannot be read, and too many', async () => {
    const { call } = await serveApi({ api: { maxBatchCommands: 2 } })
    expect((await call('', '{"method":')).body.error.code).toBe(107)
    expect((await call('', '{}\n{"method":')).body.error.code).toBe(107)
    expect((await call('', '{}\n{}\n{}')).body.error.message).toContain('at most 2')
  })
})

test('the OpenAPI document has every method with what it takes, behind the key', async () => {
  const { url } = await serveApi({ basePath: '/push' })
  expect((await fetch(url('/push/api/openapi.json'))).status).toBe(401)
  const response = await fetch(url('/push/api/openapi.json'), { headers: { 'x-api-key': API_KEY } })
  const document = (await response.json()) as {
    openapi: string
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>
  }
  expect([response.status, document.openapi]).toEqual([200, '3.1.0'])
  const methods = [
    ['publish', 'broadcast', 'subscribe', 'unsubscribe', 'disconnect', 'refresh', 'presence', 'presence_stats'],
    ['history', 'history_remove', 'info', 'channels', 'connections', 'rpc', 'batch'],
  ].flat()
  expect(Object.keys(document.paths).sort()).toEqual(methods.map((name) => `/push/api/${name}`).sort())
  expect(document.paths['/push/api/publish']?.post.requestBody.content['application/json']?.schema).toMatchObject({
    type: 'object',
    required: ['channel'],
    properties: { channel: { type: 'string' }, data: {}, b64data: { type: 'string' }, tags: { type: 'object' } },
  })
})
