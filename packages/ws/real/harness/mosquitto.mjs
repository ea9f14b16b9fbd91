import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, makeFolder, startProgram } from './program.mjs'

/** An MQTT broker that listens for WebSockets. */
export async function startMosquitto() {
  const folder = makeFolder('mosquitto')
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const lines = [
    // It runs as whoever starts it.
    'user root',
    'persistence false',
    'allow_anonymous true',
    // A burst is to arrive whole.
    'max_queued_messages 0',
    'log_dest stderr',
    // 2.0 does not start with a listener for WebSockets alone.
    `listener 0 ${join(folder, 'mqtt.sock')}`,
    `listener ${port} 127.0.0.1`,
    'protocol websockets',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const stop = await startProgram('mosquitto', ['-c', file], { ready: /mosquitto version \S+ running/ })
  return { given: { url: `ws://127.0.0.1:${port}/mqtt` }, stop }
}
