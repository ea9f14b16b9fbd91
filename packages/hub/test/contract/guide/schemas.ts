import { rpcMethod } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'
import { z } from 'zod'

export const hub = createHub({
  namespaces: {
    orders: {
      schema: z.object({ status: z.enum(['open', 'shipped']) }),
      publish: ({ data }) => data?.status === 'open',
    },
  },
  rpc: {
    getQuote: rpcMethod({
      input: z.object({ symbol: z.string() }),
      output: z.object({ cents: z.number() }),
      answer: ({ symbol }) => ({ cents: symbol.length }),
    }),
  },
})

export type Contract = typeof hub.contract
