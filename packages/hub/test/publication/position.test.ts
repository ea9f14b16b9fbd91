import { encodePosition, HubError, parsePosition } from '@wigwag/hub'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const epochs = fc.string({
  unit: fc.constantFrom(...'ABCXYZabcxyz0189-_'),
  minLength: 1,
  maxLength: 64,
})

test('every position survives its text', () => {
  fc.assert(
    fc.property(epochs, fc.maxSafeNat(), (epoch, offset) => {
      expect(parsePosition(encodePosition({ epoch, offset }))).toEqual({ epoch, offset })
    }),
  )
})

test('any other text is ERR_POSITION, never a position and never another error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `${text}:1`),
      ),
      (text) => {
        try {
          const { epoch, offset } = parsePosition(text)
          expect(epoch).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
          expect(Number.isSafeInteger(offset)).toBe(true)
        } catch (error) {
          expect((error as HubError).code).toBe('ERR_POSITION')
        }
      },
    ),
  )
})

test.each([
  '',
  ':',
  '5',
  'epoch',
  'epoch:',
  ':5',
  'epoch:-1',
  'epoch:1.5',
  'epoch:1e3',
  'epoch: 1',
  'epoch:1\n',
  'ep och:1',
  'epoch:9007199254740992',
  'epoch:99999999999999999999',
  `${'x'.repeat(65)}:1`,
])('%j is refused, with how a position is written', (text) => {
  expect(() => parsePosition(text)).toThrow(
    expect.objectContaining({ code: 'ERR_POSITION', message: expect.stringContaining('EPOCH:OFFSET') }),
  )
})

test('a text of any length makes a short message', () => {
  try {
    parsePosition('x'.repeat(1_000_000))
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(HubError)
    expect((error as HubError).message.length).toBeLessThan(250)
  }
})
