import { createHub } from '@wigwag/hub/node'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HubError } from '../../../src/error/hub-error.ts'
import { batch } from '../../../src/node/api/api-batch.ts'
import { parseCommands, parseRequest } from '../../../src/node/api/api-body.ts'
import { ApiError } from '../../../src/node/api/api-error.ts'
import { API_METHODS } from '../../../src/node/api/api-methods.ts'
import { resolveApiOptions } from '../../../src/node/api/api-options.ts'

const NAMES = ['channel', 'channels', 'data', 'b64data', 'tags', 'user', 'client', 'whitelist', 'disconnect', 'limit']
const MORE = [
  'since',
  'reverse',
  'expire_at',
  'expired',
  'info',
  'b64info',
  'recover_since',
  'pattern',
  'method',
  'params',
]

/** Requests that have something of one, in the right place or not. */
const fields = fc.constantFrom(
  ...NAMES,
  ...MORE,
  'idempotency_key',
  'skip_history',
  'commands',
  'parallel',
  '__proto__',
)
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('a', 'b', 'other:a', '', 'ann', 3000, 4999, -1, 0, '%', 'YQ==', true),
  fc.record({ offset: fc.integer(), epoch: fc.string() }, { requiredKeys: [] }),
  fc.record({ code: fc.integer({ min: 2900, max: 5100 }), reason: fc.string() }, { requiredKeys: [] }),
  fc.array(fc.string(), { maxLength: 3 }),
)
const requests = fc.oneof(
  fc.dictionary(fields, values, { maxKeys: 6 }),
  fc
    .tuple(fc.dictionary(fields, values), fc.constantFrom('a', 'b', 'x:y'))
    .map(([given, channel]) => ({ ...given, channel })),
  fc.jsonValue(),
)

describe.each([...API_METHODS, ['batch', batch] as const])('%s', (_name, method) => {
  test('of any JSON: a result, or an error that says whose fault it is', async () => {
    const hub = createHub({ namespaces: { '': { presence: true } } })
    const context = { hub, options: resolveApiOptions({ keys: 'a'.repeat(16) }) }
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        try {
          const result = await method.call(context, JSON.parse(JSON.stringify(request)))
          expect(typeof result).toBe('object')
        } catch (error) {
          if (!(error instanceof ApiError || error instanceof HubError)) throw error
          expect(error.message).not.toBe('')
        }
      }),
      { numRuns: 150 },
    )
    await hub.close()
  })
})

test('any text is JSON, or error 107', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.json()).map((lines) => lines.join('\n')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      for (const parse of [parseRequest, parseCommands]) {
        try {
          parse(text)
        } catch (error) {
          if (!(error instanceof ApiError && error.code === 107)) throw error
        }
      }
    }),
  )
})

test('commands of the older form are what was written, one a line or laid out', () => {
  const commands = fc.array(fc.record({ method: fc.string(), params: fc.jsonValue() }), { minLength: 1, maxLength: 5 })
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  fc.assert(
    fc.property(commands, (given) => {
      expect(parseCommands(given.map((each) => JSON.stringify(each)).join('\n'))).toEqual(plain(given))
      expect(parseCommands(JSON.stringify(given[0], null, 2))).toEqual([plain(given[0])])
    }),
  )
})
