import { freePort, startProgram } from './program.mjs'

/** A Redis server that keeps nothing. */
export async function startRedis() {
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const stop = await startProgram('redis-server', settings, { ready: /Ready to accept connections/ })
  return { given: { port }, stop }
}
