import { playOwnTests } from '../harness/own-tests.mjs'

export const packages = ['@fastify/http-proxy']

/** A proxy made of both ends: its own tests of what it does with WebSockets. Without those of lost pings, which count milliseconds. */
export async function play(check) {
  const files = [
    'socket.io.js',
    'websocket-pathname.js',
    'websocket-querystring.js',
    'websocket.js',
    'ws-prefix-rewrite-core.js',
    'ws-prefix-rewrite.js',
    'ws-upgrade-prefix.js',
  ]
  await playOwnTests(
    check,
    '@fastify/http-proxy',
    files.map((file) => `test/${file}`),
    57,
  )
}
