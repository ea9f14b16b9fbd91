import { AuthenticationRefusal } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { assert, asyncProperty, constantFrom, integer, json, oneof, string, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { forgeToken, makeIssuer, SECRET, signToken } from '../support/tokens.ts'

const authenticator = jwt({ secret: SECRET, publicKey: makeIssuer('P-256').pem })

test('whatever is sent as a token is refused, without an error', async () => {
  const part = oneof(
    string(),
    json().map((text) => Buffer.from(text).toString('base64url')),
  )
  const header = constantFrom('HS256', 'ES256', 'none', 'RS256').map((alg) => forgeToken({ alg }, {}).split('.')[0])
  const token = oneof(
    string(),
    tuple(oneof(part, header), part, part).map((parts) => parts.join('.')),
  )
  await assert(
    asyncProperty(token, async (sent) => {
      expect(await authenticator.authenticate({ token: `x${sent}` })).toBeInstanceOf(AuthenticationRefusal)
      expect(await authenticator.authenticate({ token: sent })).toBeInstanceOf(AuthenticationRefusal)
    }),
    { numRuns: 200 },
  )
}, 30_000)

test('a token is refused with any one of its characters changed', async () => {
  const token = await signToken({ sub: 'u', info: { name: 'Ada' } })
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
  await assert(
    asyncProperty(integer({ min: 0, max: token.length - 1 }), constantFrom(...alphabet), async (at, character) => {
      const changed = token.slice(0, at) + character + token.slice(at + 1)
      const answer = await authenticator.authenticate({ token: changed })
      // The last character of 43 carries four bits, and decoders ignore the two that are over.
      const isSame = changed === token || (at === token.length - 1 && !(answer instanceof AuthenticationRefusal))
      expect(answer instanceof AuthenticationRefusal).toBe(!isSame)
    }),
    { numRuns: 200 },
  )
}, 30_000)
