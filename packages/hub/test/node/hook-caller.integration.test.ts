import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HookError } from '../../src/node/http-hooks/hook-error.ts'
import { BackEnd, callerOf } from '../support/back-end.ts'

const SECRET = 'a secret of thirty-two bytes or more'

/** What a call ends with, when it is not answered. */
const codeOf = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    (answer) => new Error(`It was answered: ${answer}`),
    (failure: unknown) => failure,
  )
  if (!(error instanceof HookError)) throw error
  return error.code
}

/** A server that says bytes of its own; `serve` is told of each connection's first bytes. */
async function serveBytes(
  serve: (socket: Socket) => void,
): Promise<{ url: string; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('data', () => serve(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server, sockets }
}

test('posts JSON with the name of the event, and gives the answer back', async () => {
  const backEnd = await BackEnd.start(() => ({ result: { user: 'ä' } }))
  const { call, caller } = callerOf(backEnd.url('/hooks?app=1'))
  expect(await call({ user: 'ada', none: undefined }, { headers: { cookie: 'a=b' } })).toBe('{"result":{"user":"ä"}}')
  expect(backEnd.calls).toMatchObject([
    {
      path: '/hooks?app=1',
      headers: { 'content-type': 'application/json', accept: 'application/json', cookie: 'a=b' },
      json: { event: 'subscribe', user: 'ada' },
    },
  ])
  expect(caller.stats).toEqual({ answered: 1, failed: 0, running: 0, waiting: 0 })
})

test('signs the body and the time with each secret; without one there is no signature', async () => {
  const backEnd = await BackEnd.start()
  await callerOf(backEnd.url(), { secret: [SECRET, `${SECRET} before`] }).call({ user: 'ä' })
  const { headers, body } = backEnd.calls[0] as (typeof backEnd.calls)[0]
  const [, time = '', ...signatures] = /^t=(\d+),v1=(\w+),v1=(\w+)$/.exec(String(headers['wigwag-signature'])) ?? []
  expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(10)
  const expected = [SECRET, `${SECRET} before`].map((secret) =>
    createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'),
  )
  expect(signatures).toEqual(expected)
  await callerOf(backEnd.url()).call()
  expect(backEnd.calls[1]?.headers).not.toHaveProperty('wigwag-signature')
})

test('keeps connections', async () => {
  const backEnd = await BackEnd.start()
  const { call } = callerOf(backEnd.url())
  for (let i = 0; i < 10; i++) await call()
  expect(backEnd.connections).toBe(1)
})

describe('what is no answer', () => {
  test.each([201, 204, 301, 302, 400, 401, 404, 500, 503])('status %d', async (status) => {
    const elsewhere = await BackEnd.start()
    const backEnd = await BackEnd.start((_call, response) => {
      response.writeHead(status, { location: elsewhere.url() })
      return { result: {} }
    })
    const { call, failures } = callerOf(backEnd.url())
    expect(await codeOf(call())).toBe('ERR_HOOK_ANSWER')
    expect(failures).toMatchObject([{ code: 'ERR_HOOK_ANSWER', hook: 'subscribe' }])
    expect(failures[0]?.message).toContain(String(status))
    expect(elsewhere.calls).toEqual([])
  })

  test('more than maxAnswerBytes, announced or not, and not a byte less', async () => {
    const text = JSON.stringify({ result: { data: 'x'.repeat(1000) } })
    const backEnd = await BackEnd.start((call, response) => {
      if (call.json.announced) response.setHeader('content-length', text.length)
      response.write(text.slice(0, 10))
      response.end(text.slice(10))
    })
    const maxAnswerBytes = text.length
    expect(await callerOf(backEnd.url(), { maxAnswerBytes }).call({ announced: true })).toBe(text)
    expect(await callerOf(backEnd.url(), { maxAnswerBytes }).call()).toBe(text)
    for (const announced of [true, false]) {
      const { call } = callerOf(backEnd.url(), { maxAnswerBytes: maxAnswerBytes - 1 })
      expect(await codeOf(call({ announced }))).toBe('ERR_HOOK_ANSWER')
    }
  })

  test('one without end is left when it has grown too large', async () => {
    const backEnd = await BackEnd.start((_call, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    const { call } = callerOf(backEnd.url())
    expect(await codeOf(call())).toBe('ERR_HOOK_ANSWER')
  })

  test('one that came compressed, or is not UTF-8', async () => {
    const backEnd = await BackEnd.start((call, response) => {
      if (call.json.encoded) response.setHeader('content-encoding', 'gzip')
      response.end(Buffer.from([0x22, 0xff, 0x22]))
    })
    for (const encoded of [true, false])
      expect(await codeOf(callerOf(backEnd.url()).call({ encoded }))).toBe('ERR_HOOK_ANSWER')
  })

  test('bytes that are not HTTP, an upgrade, a head without end, a connection that ends', async () => {
    const says = [
      'SSH-2.0-OpenSSH_9.6\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(20_000)}`,
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"result":{}}',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      '',
    ]
    for (const bytes of says) {
      const { url } = await serveBytes((socket) => socket.end(bytes))
      expect(await codeOf(callerOf(url).call()), bytes.slice(0, 40)).toBe('ERR_HOOK_UNREACHABLE')
    }
  })

  test('nobody is there', async () => {
    const backEnd = await BackEnd.start()
    const url = backEnd.url('/hook?key=secret')
    await new Promise((resolve) => backEnd.server.close(resolve))
    const { call, failures } = callerOf(url)
    expect(await codeOf(call())).toBe('ERR_HOOK_UNREACHABLE')
    expect(failures[0]?.message).toContain('ECONNREFUSED')
    expect(failures[0]?.message).not.toContain('secret')
  })
})

describe('the time that a call may take', () => {
  test('ends while nothing comes, and the connection with it', async () => {
    const backEnd = await BackEnd.start(() => undefined)
    const closed = new Promise((resolve) => {
      backEnd.server.on('connection', (socket: Socket) => socket.on('close', resolve))
    })
    expect(await codeOf(callerOf(backEnd.url(), { timeoutMs: 50 }).call())).toBe('ERR_HOOK_TIMEOUT')
    await closed
  })

  test('is not made longer by drops of a head or a body', async () => {
    for (const head of ['HTTP/1.1 200 OK\r\nX: ', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n']) {
      const { url } = await serveBytes((socket) => {
        socket.write(head)
        const dripping = setInterval(() => socket.write('x'), 5)
        socket.on('close', () => clearInterval(dripping))
      })
      expect(await codeOf(callerOf(url, { timeoutMs: 100 }).call())).toBe('ERR_HOOK_TIMEOUT')
    }
  })

  test('is not made longer by interim answers', async () => {
    const { url } = await serveBytes((socket) => {
      const dripping = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5)
      socket.on('close', () => clearInterval(dripping))
    })
    expect(await codeOf(callerOf(url, { timeoutMs: 100 }).call())).toBe('ERR_HOOK_TIMEOUT')
  })

  test('ends for those that wait for their turn, too, and they leave their place', async () => {
    const backEnd = await BackEnd.start(({ json }) => (json.n === 3 ? { result: {} } : undefined))
    const { caller, call } = callerOf(backEnd.url(), { maxConcurrentCalls: 1, timeoutMs: 200 })
    const ends = [1, 2].map((n) => codeOf(call({ n })))
    expect(await Promise.all(ends)).toEqual(['ERR_HOOK_TIMEOUT', 'ERR_HOOK_TIMEOUT'])
    expect(caller.stats).toEqual({ answered: 0, failed: 2, running: 0, waiting: 0 })
    expect(await call({ n: 3 })).toBe('{"result":{}}')
  })
})

describe('many calls', () => {
  test('run so many at a time, the others behind them in their order', async () => {
    const waiting: (() => void)[] = []
    const backEnd = await BackEnd.start(() => new Promise((resolve) => waiting.push(() => resolve({ result: {} }))))
    const { caller, call } = callerOf(backEnd.url(), { maxConcurrentCalls: 2 })
    const calls = [0, 1, 2, 3, 4].map((n) => call({ n }))
    for (let n = 0; n < 5; n++) {
      await backEnd.received(Math.min(n + 2, 5))
      expect(backEnd.calls).toHaveLength(Math.min(n + 2, 5))
      waiting[n]?.()
      await calls[n]
    }
    expect(backEnd.calls.slice(2).map(({ json }) => json.n)).toEqual([2, 3, 4])
    expect(caller.stats).toEqual({ answered: 5, failed: 0, running: 0, waiting: 0 })
  })

  test('are refused above maxQueuedCalls and maxQueuedCharacters, and taken again when there is room', async () => {
    const backEnd = await BackEnd.start()
    const { caller, call } = callerOf(backEnd.url(), {
      maxConcurrentCalls: 1,
      maxQueuedCalls: 1,
      maxQueuedCharacters: 1000,
    })
    const [one, two] = [call(), call()]
    expect(await codeOf(call())).toBe('ERR_HOOK_BUSY')
    await Promise.all([one, two])
    expect(await codeOf(call({ data: 'x'.repeat(1000) }))).toBe('ERR_HOOK_BUSY')
    const large = call({ data: 'x'.repeat(900) })
    expect(await codeOf(call({ data: 'x'.repeat(100) }))).toBe('ERR_HOOK_BUSY')
    await large
    await call({ data: 'x'.repeat(900) })
    expect(caller.stats).toEqual({ answered: 4, failed: 3, running: 0, waiting: 0 })
  })
})

describe('a kept connection that is gone', () => {
  /** Answers the first call of each connection, and resets it when a second one comes. */
  const serveOnce = () =>
    serveBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"result":{}}')
      socket.once('data', () => socket.resetAndDestroy())
    })

  test('a question is asked again, on a connection of its own', async () => {
    const { url, sockets } = await serveOnce()
    const { call } = callerOf(url)
    expect(await call()).toBe('{"result":{}}')
    expect(await call()).toBe('{"result":{}}')
    expect(sockets.size).toBe(2)
  })

  test.each(['publish', 'rpc'] as const)('%s is not sent twice: it may have been carried out', async (name) => {
    const { url, sockets } = await serveOnce()
    const { call } = callerOf(url, { timeoutMs: 20_000 }, name)
    await call()
    expect(await codeOf(call())).toBe('ERR_HOOK_UNREACHABLE')
    expect(sockets.size).toBe(1)
  })
})

describe('another try', () => {
  const SEVERAL = { tries: 'several' } as const

  test('until the back end is well, or there were maxAttempts', async () => {
    let count = 0
    const backEnd = await BackEnd.start((_call, response) => {
      if (++count < 3) response.statusCode = 503
      return { result: { count } }
    })
    const { call, failures } = callerOf(backEnd.url(), { retryDelayMs: 1 })
    expect(await call({}, SEVERAL)).toBe('{"result":{"count":3}}')
    expect(failures).toEqual([])
    count = -10
    expect(await codeOf(call({}, SEVERAL))).toBe('ERR_HOOK_ANSWER')
    expect([count, failures.length]).toEqual([-7, 1])
  })

  test('is not made where the client waits', async () => {
    const backEnd = await BackEnd.start((_call, response) => {
      response.statusCode = 503
      return {}
    })
    expect(await codeOf(callerOf(backEnd.url(), { retryDelayMs: 1 }).call())).toBe('ERR_HOOK_ANSWER')
    expect(backEnd.calls).toHaveLength(1)
  })

  test('any 2xx will do for what is only told', async () => {
    const backEnd = await BackEnd.start((_call, response) => {
      response.writeHead(204).end()
    })
    expect(await callerOf(backEnd.url(), {}, 'disconnected').call()).toBe('')
  })

  test('calls that wait for one count as waiting', async () => {
    const backEnd = await BackEnd.start((_call, response) => {
      response.statusCode = 503
      return {}
    })
    const { caller, call } = callerOf(backEnd.url(), {
      maxConcurrentCalls: 1,
      maxQueuedCalls: 1,
      retryDelayMs: 600_000,
    })
    const ends = [call({}, SEVERAL), call({}, SEVERAL)].map(codeOf)
    await backEnd.received(2)
    while (caller.stats.running > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(caller.stats.waiting).toBe(2)
    expect(await codeOf(call())).toBe('ERR_HOOK_BUSY')
    await caller.close(0)
    expect(await Promise.all(ends)).toEqual(['ERR_HOOK_ANSWER', 'ERR_HOOK_ANSWER'])
    expect(caller.stats).toEqual({ answered: 0, failed: 3, running: 0, waiting: 0 })
  })
})

describe('closing', () => {
  test('waits for what is under way, and takes nothing new', async () => {
    let answerNow = (): void => {}
    const backEnd = await BackEnd.start(
      () =>
        new Promise((resolve) => {
          answerNow = () => resolve({ result: {} })
        }),
    )
    const { caller, call } = callerOf(backEnd.url())
    const answer = call()
    await backEnd.received(1)
    const closing = caller.close(20_000)
    expect(await codeOf(call())).toBe('ERR_HOOK_CLOSED')
    answerNow()
    await closing
    expect(await answer).toBe('{"result":{}}')
  })

  test('gives up after its time: what runs and what waits', async () => {
    const backEnd = await BackEnd.start(() => undefined)
    const { caller, call } = callerOf(backEnd.url(), { maxConcurrentCalls: 1 })
    const ends = [call(), call()].map(codeOf)
    await backEnd.received(1)
    await caller.close(10)
    expect(await Promise.all(ends)).toEqual(['ERR_HOOK_CLOSED', 'ERR_HOOK_CLOSED'])
    expect(backEnd.calls).toHaveLength(1)
  })
})

test('what onFailure throws costs nothing', async () => {
  const backEnd = await BackEnd.start(() => ({ result: {} }))
  const options = {
    maxAnswerBytes: 1,
    onFailure: () => {
      throw new Error('of the application')
    },
  }
  expect(await codeOf(callerOf(backEnd.url(), options).call())).toBe('ERR_HOOK_ANSWER')
})
