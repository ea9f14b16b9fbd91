import { describe, expect, test } from 'vitest'
import { shareName } from '../../src/tabs/share-name.ts'

const URL_OF_HUB = new URL('wss://example.com/push/')

function greeting(token?: string): string {
  return `${JSON.stringify({ id: 1, connect: token === undefined ? {} : { token } })}\n{"id":2,"subscribe":{"channel":"a"}}`
}

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`
}

describe('tabs share a connection', () => {
  test('when they say that they are the same, whatever their tokens', async () => {
    const names = [greeting('one'), greeting('two'), greeting()].map((each) => shareName(URL_OF_HUB, each, 'ann'))
    expect(new Set(await Promise.all(names))).toEqual(new Set(['wss://example.com/push/ ["as","ann"]']))
  })

  test('when their tokens are of the same user', async () => {
    const [one, later, other, issuer] = await Promise.all(
      [{ sub: 'ånn?>' }, { sub: 'ånn?>', exp: 1 }, { sub: 'bob' }, { sub: 'ånn?>', iss: 'x' }].map((claims) =>
        shareName(URL_OF_HUB, greeting(jwt(claims)), undefined),
      ),
    )
    expect(one).toBe('wss://example.com/push/ ["sub","ånn?>",null]')
    expect(later).toBe(one)
    expect(new Set([one, other, issuer]).size).toBe(3)
  })

  test('when nobody is logged in, and not with somebody who is', async () => {
    expect(await shareName(URL_OF_HUB, greeting(), undefined)).toBe('wss://example.com/push/ nobody')
    expect(await shareName(URL_OF_HUB, greeting(''), undefined)).toBe('wss://example.com/push/ nobody')
    // Nobody can say of himself that he is nobody.
    expect(await shareName(URL_OF_HUB, greeting(jwt({ sub: 'nobody' })), undefined)).not.toMatch(/ nobody$/)
    expect(await shareName(URL_OF_HUB, greeting('x'), 'nobody')).toBe('wss://example.com/push/ ["as","nobody"]')
  })

  test.each(['opaque', 'a.b', 'a.b.c', jwt({}), jwt({ sub: '' }), jwt({ sub: 7 }), 'e30.bnVsbA.x'])(
    'when they have the same token that says nothing (%s), which is in no name',
    async (token) => {
      const [one, same, other] = await Promise.all(
        [token, token, `${token}x`].map((each) => shareName(URL_OF_HUB, greeting(each), undefined)),
      )
      expect(same).toBe(one)
      expect(other).not.toBe(one)
      expect(one).toMatch(/ token [\da-f]{64}$/)
      expect(one).not.toContain(`${token}`)
    },
  )

  test('when they ask the same hub in the same way; what a query says is in no name', async () => {
    const urls = [
      'wss://example.com/',
      'wss://example.com/?ticket=1',
      'wss://example.com/?ticket=2',
      'ws://example.com/',
    ]
    const names = await Promise.all(urls.map((url) => shareName(new URL(url), greeting(), undefined)))
    expect(new Set(names).size).toBe(4)
    expect(names.join()).not.toContain('ticket')
  })
})
