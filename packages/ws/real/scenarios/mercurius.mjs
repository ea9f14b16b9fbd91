import { playOwnTests } from '../harness/own-tests.mjs'

export const packages = ['mercurius']

/** GraphQL for fastify: its own tests of subscriptions. */
export async function play(check) {
  const files = ['subscription-connection', 'subscription-hooks', 'subscription-protocol', 'subscription']
  await playOwnTests(
    check,
    'mercurius',
    files.map((file) => `test/${file}.test.js`),
    75,
  )
}
