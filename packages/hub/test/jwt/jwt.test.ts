import { createHmac } from 'node:crypto'
import { AuthenticationRefusal, type RefusalReason } from '@wigwag/hub'
import { type JwtOptions, jwt } from '@wigwag/hub/jwt'
import type { JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { forgeToken, makeIssuer, NOW_MS, NOW_S, SECRET, signToken } from '../support/tokens.ts'

const ports = { nowMs: () => NOW_MS }
const rsa = makeIssuer(2048)
const p256 = makeIssuer('P-256')
const p384 = makeIssuer('P-384')
const p521 = makeIssuer('P-521')
const ed25519 = makeIssuer('Ed25519')

const connect = (token: string, options: JwtOptions = { secret: SECRET }) => jwt(options, ports).authenticate({ token })

async function refusedAs(result: Promise<unknown>): Promise<RefusalReason | undefined> {
  const refusal = await result
  return refusal instanceof AuthenticationRefusal ? refusal.reason : undefined
}

describe('a connection token', () => {
  test('says who the user is, for how long, and what channels it is put into', async () => {
    const good = await signToken({
      sub: '42',
      exp: NOW_S + 60,
      info: { name: 'Ada' },
      meta: { plan: 'pro' },
      channels: ['news'],
      subs: { 'orders:42': { info: { role: 'buyer' } }, news: {} },
    })
    expect(await connect(good)).toEqual({
      user: '42',
      info: { name: 'Ada' },
      meta: { plan: 'pro' },
      expiresAt: (NOW_S + 65) * 1000,
      channels: ['news', 'orders:42'],
      channelInfo: new Map([['orders:42', { role: 'buyer' }]]),
    })
  })

  test('without exp does not end; with an empty sub it is anonymous', async () => {
    expect(await connect(await signToken({ sub: '' }))).toEqual({ user: '' })
  })

  test('expire_at ends the session, not the token; 0 is never', async () => {
    const claims = { sub: '1', exp: NOW_S + 60 }
    expect(await connect(await signToken({ ...claims, expire_at: NOW_S + 600 }))).toEqual({
      user: '1',
      expiresAt: (NOW_S + 600) * 1000,
    })
    expect(await connect(await signToken({ ...claims, expire_at: 0 }))).toEqual({ user: '1' })
    expect(await refusedAs(connect(await signToken({ ...claims, expire_at: -1 })))).toBe('invalid')
  })

  test('comes from an Authorization header, too, when the command has none', async () => {
    const token = await signToken({ sub: '7' })
    const ask = (authorization: string) =>
      jwt({ secret: SECRET }, ports).authenticate({
        token: '',
        header: (name) => (name === 'authorization' ? authorization : undefined),
      })
    expect(await ask(`Bearer ${token}`)).toEqual({ user: '7' })
    expect(await ask(`bearer ${token}`)).toEqual({ user: '7' })
    expect(await refusedAs(ask(`Basic ${token}`))).toBe('no-token')
  })

  test('none is refused, unless anonymous sessions are wanted', async () => {
    expect(await refusedAs(jwt({ secret: SECRET }).authenticate({}))).toBe('no-token')
    expect(await jwt({ secret: SECRET, withoutToken: 'anonymous' }).authenticate({})).toEqual({ user: '' })
    // A token that is no good does not make its sender anonymous.
    expect(await refusedAs(connect('nonsense', { secret: SECRET, withoutToken: 'anonymous' }))).toBe('invalid')
  })

  test('names the user and the info in other claims when told so', async () => {
    const token = await signToken({ sub: 'x', email: 'ada@example.org', profile: { name: 'Ada' } })
    expect(await connect(token, { secret: SECRET, userClaim: 'email', infoClaim: 'profile' })).toEqual({
      user: 'ada@example.org',
      info: { name: 'Ada' },
    })
  })
})

describe('keys', () => {
  test.each([
    ['HS256', SECRET, { secret: SECRET }],
    ['HS384', SECRET, { secret: SECRET }],
    ['HS512', SECRET, { secret: new TextEncoder().encode(SECRET) }],
    ['RS256', rsa.privateKey, { publicKey: rsa.pem }],
    ['RS384', rsa.privateKey, { publicKey: rsa.jwk }],
    ['RS512', rsa.privateKey, { publicKey: rsa.publicKey }],
    ['PS256', rsa.privateKey, { publicKey: rsa.pem }],
    ['PS384', rsa.privateKey, { publicKey: rsa.pem }],
    ['PS512', rsa.privateKey, { publicKey: rsa.pem }],
    ['ES256', p256.privateKey, { publicKey: p256.pem }],
    ['ES384', p384.privateKey, { publicKey: p384.pem }],
    ['ES512', p521.privateKey, { publicKey: p521.jwk }],
    ['EdDSA', ed25519.privateKey, { publicKey: ed25519.pem }],
    ['Ed25519', ed25519.privateKey, { publicKey: ed25519.jwk }],
  ] as const)('%s is accepted from its key and from no other', async (alg, key, options) => {
    const token = await signToken({ sub: 'u' }, key, { alg })
    expect(await connect(token, options)).toEqual({ user: 'u' })
    const others: JwtOptions = {
      secret: 'x'.repeat(64),
      publicKey: [makeIssuer('P-256').pem, makeIssuer('P-384').pem, makeIssuer('P-521').pem, makeIssuer('Ed25519').pem],
    }
    expect(await refusedAs(connect(token, others))).toBe('invalid')
  })

  test('several at once, as while a secret is changed, or by kid', async () => {
    const [before, after] = ['a'.repeat(32), 'b'.repeat(32)]
    for (const secret of [before, after]) {
      expect(await connect(await signToken({ sub: 'u' }, secret), { secret: [before, after] })).toEqual({ user: 'u' })
    }
    const keys = [
      { ...rsa.jwk, kid: 'one', alg: 'RS256', use: 'sig' },
      { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'two' },
    ]
    expect(
      await connect(await signToken({ sub: 'u' }, rsa.privateKey, { alg: 'RS256', kid: 'one' }), { keys }),
    ).toEqual({
      user: 'u',
    })
    expect(await connect(await signToken({ sub: 'u' }, SECRET, { alg: 'HS256', kid: 'two' }), { keys })).toEqual({
      user: 'u',
    })
    // The key's own alg is all that it is for.
    const ps = await signToken({ sub: 'u' }, rsa.privateKey, { alg: 'PS256', kid: 'one' })
    expect(await refusedAs(connect(ps, { keys }))).toBe('invalid')
  })

  test('a kid that a key without one does not have is passed over', async () => {
    const token = await signToken({ sub: 'u' }, rsa.privateKey, { alg: 'RS256', kid: 'whatever' })
    expect(await connect(token, { publicKey: rsa.pem })).toEqual({ user: 'u' })
  })

  test.each<[string, JwtOptions]>([
    ['no key', {}],
    ['a short secret', { secret: 'x'.repeat(31) }],
    ['an empty secret', { secret: '' }],
    ['a public key as the secret', { secret: rsa.pem }],
    ['RSA of 1024 bits', { publicKey: makeIssuer(1024).pem }],
    ['a curve without an algorithm', { publicKey: makeIssuer('secp256k1').pem }],
    ['no PEM', { publicKey: 'nonsense' }],
    ['a key for encryption', { keys: [{ ...rsa.jwk, use: 'enc' }] }],
    ['a key for signing alone', { keys: [{ ...rsa.jwk, key_ops: ['sign'] }] }],
    ['a key whose alg is of another kind', { keys: [{ ...rsa.jwk, alg: 'HS256' }] }],
    ['an algorithm that no key is for', { publicKey: rsa.pem, algorithms: ['HS256'] }],
    ['the algorithm none', { secret: SECRET, algorithms: ['none' as never] }],
    ['a key set over a network in the clear', { jwksUrl: 'http://issuer.example/keys' }],
    ['a key set in a file', { jwksUrl: 'file:///etc/passwd' }],
    ['no URL', { jwksUrl: 'keys' }],
    ['an empty audience', { secret: SECRET, audience: [] }],
    ['a negative tolerance', { secret: SECRET, clockToleranceMs: -1 }],
    ['no room for a token', { secret: SECRET, maxTokenBytes: 0 }],
    ['an unknown choice', { secret: SECRET, expiry: 'sometimes' as never }],
  ])('%s is an error that does not quote it', (_what, options) => {
    expect(() => jwt(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(() => jwt(options)).not.toThrow(/nonsense|MIIB|x{31}|passwd/)
  })
})

describe('attacks', () => {
  const both: JwtOptions = { secret: SECRET, publicKey: rsa.pem, maxTokenBytes: 2000 }
  const claims = { sub: 'admin' }
  const hmacOf = (key: string, header: object): string => {
    const unsigned = forgeToken(header, claims).slice(0, -1)
    return `${unsigned}.${createHmac('sha256', key).update(unsigned).digest('base64url')}`
  }

  test.each<[string, string]>([
    ['no signature, alg none', forgeToken({ alg: 'none' }, claims)],
    ['alg None', forgeToken({ alg: 'None' }, claims)],
    ['no alg', forgeToken({ typ: 'JWT' }, claims)],
    ['an empty signature', forgeToken({ alg: 'HS256' }, claims)],
    ['the public key, as PEM, taken for a secret', hmacOf(rsa.pem, { alg: 'HS256' })],
    ['the same without its last line end', hmacOf(rsa.pem.trim(), { alg: 'HS256' })],
    ['an empty secret', hmacOf('', { alg: 'HS256' })],
    ['a kid that is a path', hmacOf('', { alg: 'HS256', kid: '../../../../dev/null' })],
    ['a kid that is SQL', hmacOf('', { alg: 'HS256', kid: "x' UNION SELECT ''; --" })],
    ['a kid that is no text', hmacOf(SECRET, { alg: 'HS256', kid: { toString: 1 } })],
    ['a key of its own', hmacOf('attacker', { alg: 'HS256', jwk: { kty: 'oct', k: 'YXR0YWNrZXI' } })],
    ['a key set of its own', hmacOf('attacker', { alg: 'RS256', jku: 'http://127.0.0.1:1/keys' })],
    ['an extension that must be understood', hmacOf(SECRET, { alg: 'HS256', crit: ['b64'], b64: false })],
    ['an alg of a prototype', forgeToken({ alg: 'constructor' }, claims)],
    ['nothing', ' '],
    ['dots', '..'],
    ['an encrypted token', 'a.b.c.d.e'],
    ['a header of brackets', `${Buffer.from('['.repeat(1000)).toString('base64url')}.e30.`],
    ['a huge token', `${'A'.repeat(10_000_000)}.e30.x`],
  ])('%s', async (_what, token) => {
    expect(await refusedAs(connect(token, both))).toBe('invalid')
  })

  test('a good token is too large above maxTokenBytes, and not at it', async () => {
    const token = await signToken({ sub: 'u', info: 'x'.repeat(500) })
    expect(await connect(token, { secret: SECRET, maxTokenBytes: token.length })).toMatchObject({ user: 'u' })
    expect(await refusedAs(connect(token, { secret: SECRET, maxTokenBytes: token.length - 1 }))).toBe('invalid')
  })

  test('claims that were changed after signing', async () => {
    const [header, , signature] = (await signToken({ sub: 'user' })).split('.')
    const changed = Buffer.from('{"sub":"admin"}').toString('base64url')
    expect(await refusedAs(connect(`${header}.${changed}.${signature}`))).toBe('invalid')
  })

  const checked: JwtOptions = {
    secret: SECRET,
    issuer: ['https://a', 'https://b'],
    audience: 'push',
    expiry: 'required',
  }
  const good = { sub: 'u', exp: NOW_S + 10, iss: 'https://b', aud: ['web', 'push'] }
  test.each<[RefusalReason | undefined, string, JWTPayload]>([
    [undefined, 'all as it must be', good],
    [undefined, 'expired within the tolerance', { ...good, exp: NOW_S - 4 }],
    ['expired', 'expired', { ...good, exp: NOW_S - 5 }],
    ['expired', 'expired before 1970', { ...good, exp: -1 }],
    ['invalid', 'no exp', { ...good, exp: undefined as never }],
    ['invalid', 'an exp that is text', { ...good, exp: '9999999999' as never }],
    ['invalid', 'an exp beyond all time', { ...good, exp: 1e300 }],
    [undefined, 'valid soon, within the tolerance', { ...good, nbf: NOW_S + 5 }],
    ['not-yet-valid', 'valid later', { ...good, nbf: NOW_S + 6 }],
    ['invalid', 'an nbf that is text', { ...good, nbf: '1' as never }],
    ['wrong-issuer', 'another issuer', { ...good, iss: 'https://c' }],
    ['wrong-issuer', 'no issuer', { ...good, iss: undefined as never }],
    ['wrong-audience', 'another audience', { ...good, aud: 'web' }],
    ['wrong-audience', 'no audience', { ...good, aud: undefined as never }],
    ['invalid', 'no user', { ...good, sub: undefined as never }],
    ['invalid', 'a user that is no text', { ...good, sub: 1 as never }],
    ['invalid', 'channels that are no list', { ...good, channels: 'news' }],
    ['invalid', 'a name that cannot be a channel', { ...good, channels: ['*'] }],
    ['invalid', 'a subscription token', { ...good, channel: 'news' }],
  ])('%s: %s', async (reason, _what, claims) => {
    expect(await refusedAs(connect(await signToken(claims), checked))).toBe(reason)
  })

  test('whose signature does not fit does not learn that it has expired', async () => {
    const token = await signToken({ sub: 'u', exp: NOW_S - 1000 }, 'y'.repeat(32))
    expect(await refusedAs(connect(token))).toBe('invalid')
  })
})

describe('a subscription token', () => {
  const ask = async (claims: JWTPayload, user = 'u') =>
    jwt({ secret: SECRET }, ports).authenticateSubscription({
      token: await signToken(claims),
      channel: 'orders:42',
      client: 'session-1',
      user,
    })

  test('lets its user into its channel', async () => {
    expect(await ask({ sub: 'u', channel: 'orders:42', exp: NOW_S + 60, info: { role: 'buyer' } })).toEqual({
      info: { role: 'buyer' },
      expiresAt: (NOW_S + 65) * 1000,
    })
    expect(await ask({ client: 'session-1', channel: 'orders:42' })).toEqual({})
    expect(await ask({ channel: 'orders:42' }, '')).toEqual({})
  })

  test.each<[RefusalReason, string, JWTPayload]>([
    ['wrong-channel', 'for another channel', { sub: 'u', channel: 'orders:43' }],
    ['wrong-channel', 'for a connection', { sub: 'u' }],
    ['wrong-channel', 'for a list that has the channel', { sub: 'u', channel: ['orders:42'] as never }],
    ['wrong-user', 'of another user', { sub: 'v', channel: 'orders:42' }],
    ['wrong-user', 'of another session', { sub: 'u', client: 'session-2', channel: 'orders:42' }],
    ['wrong-user', 'of another session of nobody', { client: 'session-2', channel: 'orders:42' }],
    ['wrong-user', 'of nobody', { channel: 'orders:42' }],
    ['wrong-user', 'of null', { sub: null as never, channel: 'orders:42' }],
    ['wrong-user', 'of null, for a session of null', { sub: 'u', client: null, channel: 'orders:42' }],
    ['expired', 'expired', { sub: 'u', channel: 'orders:42', exp: NOW_S - 60 }],
  ])('%s: %s', async (reason, _what, claims) => {
    expect(await refusedAs(ask(claims))).toBe(reason)
  })
})

test('a refusal never says what is in the token', async () => {
  const secrets = {
    sub: 'ada@example.org',
    iss: 'https://inner.example',
    aud: 'hidden',
    channel: 'hush',
    nbf: NOW_S + 99,
  }
  const options: JwtOptions = { secret: SECRET, issuer: 'i', audience: 'a' }
  for (const left of [[], ['nbf'], ['nbf', 'iss'], ['nbf', 'iss', 'aud'], ['nbf', 'iss', 'aud', 'channel']]) {
    const claims = Object.fromEntries(Object.entries(secrets).filter(([name]) => !left.includes(name)))
    const token = await signToken(claims)
    for (const sent of [token, token.slice(0, -3), `${token}x`]) {
      const refusal = await jwt(options, ports).authenticate({ token: sent })
      expect(refusal).toBeInstanceOf(AuthenticationRefusal)
      const text = JSON.stringify([refusal, String((refusal as AuthenticationRefusal).message)])
      for (const hidden of [...token.split('.'), 'ada@', 'inner', 'hidden', 'hush', String(NOW_S + 99)]) {
        expect(text).not.toContain(hidden)
      }
    }
  }
})
