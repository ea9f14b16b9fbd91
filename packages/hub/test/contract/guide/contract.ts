import { defineContract } from '@wigwag/protocol'
import { z } from 'zod'

export const contract = defineContract({
  namespaces: {
    orders: { publication: z.object({ status: z.enum(['open', 'shipped']), note: z.string().trim().default('') }) },
    prices: { publication: z.object({ symbol: z.string(), cents: z.number().int() }) },
    news: {},
  },
  rpc: {
    getQuote: { input: z.object({ symbol: z.string() }), output: z.object({ cents: z.number().int() }) },
  },
})
