import { createSecretKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AuthenticationRefusal } from '@wigwag/hub'
import { type JwtOptions, jwt } from '@wigwag/hub/jwt'
import { expect, onTestFinished, test } from 'vitest'
import { type Issuer, makeIssuer, signToken } from '../support/tokens.ts'

const [first, second] = [makeIssuer(2048), makeIssuer('P-256')]
const COOLDOWN_MS = 30_000
const MAX_AGE_MS = 600_000

/** An issuer's server, and an authenticator that asks it, with a clock that the test moves. */
async function serveKeys(keys: object[], options: JwtOptions = {}) {
  const answered = { keys, requests: 0, answer: undefined as RequestListener | undefined, elapsedMs: 0 }
  const server = createServer((request, response) => {
    answered.requests++
    if (answered.answer !== undefined) return answered.answer(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: answered.keys }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const authenticator = jwt(
    { jwksUrl: `http://127.0.0.1:${port}/keys`, ...options },
    { elapsedMs: () => answered.elapsedMs },
  )
  const ask = async (issuer: Issuer, header: { alg: string; kid?: string }): Promise<string> => {
    const answer = await authenticator.authenticate({ token: await signToken({ sub: 'u' }, issuer.privateKey, header) })
    return answer instanceof AuthenticationRefusal ? answer.reason : answer.user
  }
  return { answered, server, ask, port }
}

const published = (issuer: Issuer, kid: string): object => ({ ...issuer.jwk, kid, use: 'sig' })
const RS = { alg: 'RS256', kid: 'first' }
const ES = { alg: 'ES256', kid: 'second' }

test('keys are fetched once, for all who wait, and kept', async () => {
  const { answered, ask } = await serveKeys([published(first, 'first'), published(second, 'second')])
  expect(await Promise.all([ask(first, RS), ask(second, ES), ask(first, RS)])).toEqual(['u', 'u', 'u'])
  answered.elapsedMs = MAX_AGE_MS - 1
  expect(await ask(first, RS)).toBe('u')
  expect(answered.requests).toBe(1)
})

test('a new key is found when a token names it; a withdrawn one goes with it', async () => {
  const { answered, ask } = await serveKeys([published(first, 'first')])
  expect(await ask(first, RS)).toBe('u')
  answered.keys = [published(second, 'second')]
  answered.elapsedMs = COOLDOWN_MS
  expect(await ask(second, ES)).toBe('u')
  expect(answered.requests).toBe(2)
  answered.elapsedMs += COOLDOWN_MS
  expect(await ask(first, RS)).toBe('invalid')
})

test('a withdrawn key goes when the set is old, without a token that names another', async () => {
  const { answered, ask } = await serveKeys([published(first, 'first')])
  expect(await ask(first, RS)).toBe('u')
  answered.keys = []
  answered.elapsedMs = MAX_AGE_MS
  expect(await ask(first, RS)).toBe('invalid')
})

test('made up kids fetch the set once in 30 s; until then nobody is told that the key does not exist', async () => {
  const { answered, ask } = await serveKeys([published(first, 'first')])
  expect(await ask(first, RS)).toBe('u')
  for (let i = 0; i < 20; i++) expect(await ask(first, { alg: 'RS256', kid: `made-up-${i}` })).toBe('unavailable')
  expect(answered.requests).toBe(1)
  answered.elapsedMs = COOLDOWN_MS
  expect(await ask(first, { alg: 'RS256', kid: 'made-up' })).toBe('invalid')
  expect(answered.requests).toBe(2)
})

test('the keys at hand stay good while the issuer is away', async () => {
  const { answered, server, ask } = await serveKeys([published(first, 'first')])
  expect(await ask(first, RS)).toBe('u')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  answered.elapsedMs = 10 * MAX_AGE_MS
  expect(await ask(first, RS)).toBe('u')
  expect(await ask(second, ES)).toBe('unavailable')
})

test('an issuer that was away at first is asked again', async () => {
  const { answered, ask } = await serveKeys([published(first, 'first')])
  answered.answer = (_request, response) => response.writeHead(503).end()
  expect(await ask(first, RS)).toBe('unavailable')
  answered.answer = undefined
  expect(await ask(first, RS)).toBe('unavailable')
  answered.elapsedMs = COOLDOWN_MS
  expect(await ask(first, RS)).toBe('u')
})

test.each<[string, (port: number) => RequestListener]>([
  ['never comes', () => () => {}],
  ['never ends', () => (_request, response) => void response.write('{"keys":[')],
  ['is endless', () => (_request, response) => pour(response)],
  ['is no JSON', () => (_request, response) => void response.end('<html>')],
  ['is no key set', () => (_request, response) => void response.end('{"keys":{}}')],
  ['is null', () => (_request, response) => void response.end('null')],
  [
    'is a redirect',
    (port) => (request, response) =>
      request.url === '/other'
        ? void response.end(JSON.stringify({ keys: [published(first, 'first')] }))
        : void response.writeHead(302, { location: `http://127.0.0.1:${port}/other` }).end(),
  ],
])('an answer that %s leaves the client with "try again"', async (_what, answer) => {
  const { answered, ask, port } = await serveKeys([], { jwksTimeoutMs: 300 })
  answered.answer = answer(port)
  expect(await ask(first, RS)).toBe('unavailable')
})

test('secrets, private, short and broken keys in the set are passed over', async () => {
  const secret = Buffer.from('s'.repeat(64))
  const { ask, answered } = await serveKeys([
    null as never,
    { kty: 'oct', k: secret.toString('base64url'), kid: 'secret' },
    published(makeIssuer(1024), 'short'),
    { kty: 'RSA', n: 'AQAB', kid: 'broken' },
    { ...first.jwk, kid: 'enc', use: 'enc' },
    published(first, 'first'),
  ])
  expect(await ask(first, RS)).toBe('u')
  answered.elapsedMs = COOLDOWN_MS
  expect(await ask({ ...first, privateKey: createSecretKey(secret) }, { alg: 'HS256', kid: 'secret' })).toBe('invalid')
  answered.elapsedMs += COOLDOWN_MS
  expect(await ask(first, { alg: 'RS256', kid: 'enc' })).toBe('invalid')
})

test('algorithms limits what the set offers', async () => {
  const { ask } = await serveKeys([published(first, 'first')], { algorithms: ['PS256'] })
  expect(await ask(first, { alg: 'PS256', kid: 'first' })).toBe('u')
  expect(await ask(first, RS)).not.toBe('u')
})

test('a key of one’s own and a key set serve side by side', async () => {
  const { ask } = await serveKeys([published(first, 'first')], { publicKey: makeIssuer(2048).pem })
  expect(await ask(first, RS)).toBe('u')
})

function pour(response: Parameters<RequestListener>[1]): void {
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  }
  response.on('drain', more)
  more()
}
