import { refuse } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'
import { contract } from './contract.ts'

const quotes = new Map([['ACME', 4200]])

export const hub = createHub({
  contract,
  authenticate: ({ token }) => ({ user: token ?? '' }),
  namespaces: {
    orders: {
      history: { size: 100, ttlMs: 300_000 },
      subscribe: ({ user, channel }) => channel.rest === user,
      publish: ({ user, channel, data }) => channel.rest === user && data?.status === 'open',
    },
    prices: { subscribe: 'anyone', slowConsumer: { policy: 'conflate', key: ({ symbol }) => symbol } },
  },
  rpc: {
    getQuote: ({ symbol }) => {
      const cents = quotes.get(symbol)
      return cents === undefined ? refuse(404, `nobody sells ${symbol}`) : { cents }
    },
  },
})

await hub.publish('orders:42', { status: 'shipped' })
