import { CloseCode, isSendableCloseCode } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

describe('§7.4 which close codes may stand in a Close frame', () => {
  test.each([
    ['0 to 999 are not used', 0, 999, false],
    ['1000 to 1003 are defined', 1000, 1003, true],
    ['1004 is reserved; 1005 and 1006 are never sent', 1004, 1006, false],
    ['1007 to 1011 are defined, 1012 to 1014 are registered', 1007, 1014, true],
    ['1015 is never sent; 1016 to 2999 belong to future revisions', 1015, 2999, false],
    ['3000 to 3999 belong to libraries, 4000 to 4999 to applications', 3000, 4999, true],
    ['5000 and above are not used', 5000, 65_535, false],
  ])('%s', (_name, from, to, sendable) => {
    const codes = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    expect(codes.filter((code) => isSendableCloseCode(code) !== sendable)).toEqual([])
  })

  test.each([1000.5, Number.NaN, Infinity, -1000, '1000', undefined])('%s is no close code', (code) => {
    expect(isSendableCloseCode(code as number)).toBe(false)
  })

  test('every named code but 1005 and 1006 can be sent', () => {
    const unsendable = Object.values(CloseCode).filter((code) => !isSendableCloseCode(code))
    expect(unsendable).toEqual([CloseCode.noStatus, CloseCode.abnormal])
  })
})
