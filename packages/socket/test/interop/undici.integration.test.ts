import { describeJudge } from './support/peer-contract.ts'
import { startUndiciPeer } from './support/programs.ts'

describeJudge({
  name: 'undici',
  isHere: true,
  roles: ['client'],
  start: startUndiciPeer,
  cannot: {
    // Its decoder takes it for a byte order mark.
    keepByteOrderMark: ['client'],
    // It takes compressed messages and sends none.
    compressWhatItSends: ['client'],
  },
})
