import { SYSTEM_PYTHON } from '@wigwag/testkit'
import { ForeignProgram } from './foreign-program.ts'

/** `ws` on the Node that runs the tests. */
export function startWsPeer(): ForeignProgram {
  return startNodePeer('ws', 'ws-peer.ts')
}

/** `undici` on the Node that runs the tests. */
export function startUndiciPeer(): ForeignProgram {
  return startNodePeer('undici', 'undici-peer.ts')
}

/** `script` on Debian's Python. */
export function startPythonPeer(script: string): ForeignProgram {
  return new ForeignProgram(script, SYSTEM_PYTHON, [], script)
}

function startNodePeer(name: string, script: string): ForeignProgram {
  return new ForeignProgram(name, process.execPath, ['--import', 'tsx'], script)
}
