import { compressionCases } from './cases/compression.ts'
import { maskingCases } from './cases/masking.ts'
import { parsingCases } from './cases/parsing.ts'
import { preparedCases } from './cases/prepared.ts'
import { utf8Cases } from './cases/utf8.ts'
import { writingCases } from './cases/writing.ts'
import type { MicroCase } from './micro-case.ts'
import type { PeerModules } from './peer-modules.ts'

/** Every case, in the order in which it is run and printed. Add a file of them here. */
export function createCases(peers: PeerModules): readonly MicroCase[] {
  return [
    ...parsingCases(peers),
    ...writingCases(peers),
    ...maskingCases(peers),
    ...utf8Cases(),
    ...compressionCases(peers),
    ...preparedCases(peers),
  ]
}
