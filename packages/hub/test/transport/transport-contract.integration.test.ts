import { transportContract } from '@wigwag/hub/testing'
import { WIRE_TRANSPORTS } from '@wigwag/testkit'
import { describe, test } from 'vitest'
import { servedTransport } from '../support/served-transport.ts'

describe.each(WIRE_TRANSPORTS)('$name', (transport) => {
  for (const { name, run } of transportContract) test(name, { timeout: 10_000 }, () => run(servedTransport(transport)))
})
