import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ContractError, type ContractIssue } from '@wigwag/hub'
import type { StandardResult, StandardSchema } from '@wigwag/protocol'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { checkData } from '../../src/contract/check-data.ts'
import { isSchema } from '../../src/contract/is-schema.ts'

const subject = { code: 'ERR_PUBLICATION_INVALID', owner: 'orders:42', part: 'data' } as const

function schemaOf<T>(validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>): StandardSchema<T> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

function errorOf(
  issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[],
): ContractError {
  try {
    void checkData(
      schemaOf(() => ({ issues })),
      null,
      subject,
    )
  } catch (error) {
    if (error instanceof ContractError) return error
  }
  throw new Error('It was taken.')
}

test('the types are those of the specification', () => {
  expectTypeOf<StandardSchemaV1<string, number>>().toExtend<StandardSchema<string, number>>()
  expectTypeOf<StandardSchema<string, number>>().toExtend<StandardSchemaV1<string, number>>()
})

test('what the schema makes of a value comes out, at once if it can', async () => {
  const schema = z.object({ a: z.string().transform((text) => text.length) })
  expect(checkData(schema, { a: 'four', b: 1 }, subject)).toEqual({ a: 4 })
  const late = schemaOf(async (value) => ({ value: [value] }))
  const promise = checkData(late, 1, subject)
  expect(promise).toBeInstanceOf(Promise)
  expect(await promise).toEqual([1])
})

test('an error names whose it is, where, and what was expected', () => {
  const schema = z.object({ status: z.enum(['shipped', 'open']) })
  expect(() => checkData(schema, { status: 'lost' }, subject)).toThrow(
    'orders:42 data.status: Invalid option: expected one of "shipped"|"open"',
  )
})

test.each<[readonly (PropertyKey | { key: PropertyKey })[], string]>([
  [[], 'data: no'],
  [['a', 'b'], 'data.a.b: no'],
  [['lines', 3, { key: 'unit price' }], 'data.lines[3]["unit price"]: no'],
  [['__proto__', '1a', ''], 'data.__proto__["1a"][""]: no'],
  [['a"]\n'], 'data["a\\"]\\n"]: no'],
  [[Symbol('s')], 'data[Symbol(s)]: no'],
])('a path %o is written %s', (path, written) => {
  const error = errorOf([{ message: 'no', path }])
  expect(error.message).toBe(`orders:42 ${written}`)
  expect(error.issues).toEqual([
    { path: path.map((step) => (typeof step === 'object' ? step.key : step)), message: 'no' },
  ])
})

test('an error has so many issues, and each so much room', () => {
  const issues: ContractIssue[] = Array.from({ length: 30 }, (_, i) => ({ path: [i], message: `${'x'.repeat(300)}😀` }))
  const error = errorOf(issues)
  expect(error.issues).toEqual(issues.slice(0, 8))
  expect(error.message).toMatch(/^orders:42 data\[0\]: x+…; data\[1\]: x+…;.*; and 22 more$/)
  expect(error.message.length).toBeLessThan(2100)
  // Half a character is none: here one would be left at the cut.
  const half = errorOf([{ message: '😀'.repeat(200) }])
  expect(Buffer.from(half.message).toString()).toBe(half.message)
})

test('whatever the issues are, they come out as a ContractError of bounded length', () => {
  const path = fc.array(fc.oneof(fc.string(), fc.nat(), fc.record({ key: fc.string({ unit: 'binary' }) })), {
    maxLength: 40,
  })
  const issue = fc.record(
    { message: fc.string({ unit: 'binary', maxLength: 500 }), path },
    { requiredKeys: ['message'] },
  )
  fc.assert(
    fc.property(fc.array(issue, { maxLength: 20 }), (issues) => {
      const error = errorOf(issues)
      expect(error.code).toBe('ERR_PUBLICATION_INVALID')
      expect(error.issues.length).toBe(Math.min(8, issues.length))
      expect(error.message.length).toBeLessThan(2100)
    }),
  )
})

test('what a schema throws itself is thrown as it is', async () => {
  const broken = new Error('broken')
  const throwing = schemaOf(() => {
    throw broken
  })
  expect(() => checkData(throwing, 1, subject)).toThrow(broken)
  const rejecting = schemaOf(() => Promise.reject(broken))
  await expect(checkData(rejecting, 1, subject)).rejects.toBe(broken)
})

describe('a schema', () => {
  test.each([
    z.string(),
    schemaOf(() => ({ value: 1 })),
    Object.assign(
      () => {},
      schemaOf(() => ({ value: 1 })),
    ),
  ])('is %o', (schema) => expect(isSchema(schema)).toBe(true))
  test.each([undefined, null, 1, 'text', {}, () => {}, { '~standard': null }, { '~standard': { version: 1 } }])(
    'is not %o',
    (other) => expect(isSchema(other)).toBe(false),
  )
})
