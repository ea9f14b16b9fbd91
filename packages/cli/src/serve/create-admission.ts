import { Admission } from '@wigwag/socket'
import type { ServeOptions } from './serve-options.ts'

/** The first door of `wigwag serve`: channels and pages count together. */
export function createAdmission(options: ServeOptions): Admission {
  const { trustedProxy, exemptAddress, maxConnections } = options
  return new Admission({
    maxConnections,
    ...(trustedProxy === undefined ? {} : { trustedProxies: trustedProxy }),
    addressLimits: {
      maxConnections: options.maxAddressConnections,
      maxRequestsPerSecond: options.maxAddressRequests,
      maxBurst: options.maxAddressBurst,
      ...(exemptAddress === undefined ? {} : { exempt: exemptAddress.includes('*') ? 'any' : exemptAddress }),
    },
  })
}
