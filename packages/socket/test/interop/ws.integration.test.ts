import { describeJudge } from './support/peer-contract.ts'
import { startWsPeer } from './support/programs.ts'

describeJudge({
  name: 'ws',
  isHere: true,
  start: startWsPeer,
})
