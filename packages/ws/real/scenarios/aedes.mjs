import { playOwnTests } from '../harness/own-tests.mjs'

// Its tests find what stands beside it.
export const packages = ['aedes']

/** An MQTT broker: its own tests of how clients connect, over TCP and over WebSockets. */
export async function play(check) {
  await playOwnTests(check, 'aedes', ['test/connect.js'], 27)
}
