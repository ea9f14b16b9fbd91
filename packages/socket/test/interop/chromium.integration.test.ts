import { hasChromium } from '@wigwag/testkit'
import { ChromiumSide } from './support/chromium-side.ts'
import { describeJudge } from './support/peer-contract.ts'

describeJudge({
  name: 'Chromium',
  isHere: hasChromium,
  roles: ['client'],
  start: () => ChromiumSide.start(),
  cannot: {
    // It has no limit that one could set.
    refuseLargeMessages: ['client'],
    // It trusts what the machine trusts.
    tls: ['client'],
  },
})
