import type { ConformanceCase } from '../judge/conformance-case.ts'
import { backpressure } from './backpressure.ts'
import { closing } from './closing.ts'
import { compressedMessages } from './compressed-messages.ts'
import { compressionNegotiation } from './compression-negotiation.ts'
import { controlFrames } from './control-frames.ts'
import { fragmentation } from './fragmentation.ts'
import { framing } from './framing.ts'
import { limits } from './limits.ts'
import { masking } from './masking.ts'
import { openingHandshakeClient } from './opening-handshake-client.ts'
import { openingHandshakeServer } from './opening-handshake-server.ts'
import { utf8 } from './utf8.ts'

/** Every case. */
export const ALL_CASES: readonly ConformanceCase[] = [
  ...openingHandshakeServer,
  ...openingHandshakeClient,
  ...framing,
  ...masking,
  ...fragmentation,
  ...utf8,
  ...controlFrames,
  ...closing,
  ...limits,
  ...backpressure,
  ...compressionNegotiation,
  ...compressedMessages,
]
