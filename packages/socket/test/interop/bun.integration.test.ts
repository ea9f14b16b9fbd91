import { findBun } from './support/find-bun.ts'
import { ForeignProgram } from './support/foreign-program.ts'
import { describeJudge } from './support/peer-contract.ts'

const BUN = findBun()

describeJudge({
  name: 'Bun',
  isHere: BUN !== undefined,
  start: () => new ForeignProgram('Bun', BUN as string, [], 'bun-peer.ts'),
  cannot: {
    // close() is close(1000).
    closeWithoutCode: ['server'],
    // It has no limit that one could set.
    refuseLargeMessages: ['client'],
    // It declines offers of such windows.
    compress: { server: ['windows of 8 bits', 'windows of 9 bits'] },
  },
})
