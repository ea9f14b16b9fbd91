import type { ConformanceCase } from '../judge/conformance-case.ts'
import { closing } from './closing.ts'
import { controlFrames } from './control-frames.ts'
import { fragmentation } from './fragmentation.ts'
import { framing } from './framing.ts'
import { masking } from './masking.ts'
import { utf8 } from './utf8.ts'

/** Every case. */
export const ALL_CASES: readonly ConformanceCase[] = [
  ...framing,
  ...masking,
  ...fragmentation,
  ...utf8,
  ...controlFrames,
  ...closing,
]
