import { hasPythonModule } from '@wigwag/testkit'
import { describeJudge } from './support/peer-contract.ts'
import { startPythonPeer } from './support/programs.ts'

describeJudge({
  name: 'python3-websockets',
  isHere: hasPythonModule('websockets'),
  start: () => startPythonPeer('websockets_peer.py'),
  cannot: {
    // It has no Close frame without a code.
    closeWithoutCode: ['client', 'server'],
    // It takes them for its own, and then zlib refuses to compress with them.
    compress: { client: ['windows of 8 bits'], server: ['windows of 8 bits'] },
  },
})

describeJudge({
  name: 'python3-autobahn',
  isHere: hasPythonModule('autobahn'),
  start: () => startPythonPeer('autobahn_peer.py'),
  cannot: {
    answerCloseCode: 1000,
    // It says that RFC 7692 has no such value: HTTP 400.
    compress: { client: ['windows of 8 bits'], server: ['windows of 8 bits'] },
  },
})
