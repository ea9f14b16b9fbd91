import { AuthenticationRefusal, type HubOptions } from '@wigwag/hub'
import { ErrorCode } from '@wigwag/protocol'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type ClientRealm, clientRealms, type StrictUser } from '../support/client-realms.ts'

type Codes = Record<keyof typeof ErrorCode, (connected: Connected, serve: ClientRealm['serve']) => Promise<unknown>>
type Connected = (options?: Partial<HubOptions>) => Promise<StrictUser>

const connectedBy =
  (serve: ClientRealm['serve']): Connected =>
  async (options) => {
    const client = await (await serve(options)).user()
    await client.connect()
    return client
  }

/** Why a subscription that is asked for ends. */
async function endOf(client: StrictUser, channel: string): Promise<unknown> {
  await client.run(({ open }, name: string) => void open(name), channel)
  const [ended] = await client.heard(channel, 'unsubscribed')
  return ended
}

async function failureToConnect(client: StrictUser): Promise<unknown> {
  await client.run(({ centrifuge }) => centrifuge.connect())
  return (await client.heard('', 'disconnected'))[0]
}

/** How a client comes upon each. */
const CODES: Codes = {
  internal: async (connected) => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => report.mockRestore())
    const client = await connected({ rpc: () => Promise.reject(new Error('the database is away')) })
    return client.run(({ centrifuge, failure }) => failure(centrifuge.rpc('any', null)))
  },
  unauthorized: async (_connected, serve) => {
    const { user } = await serve({ authenticate: () => new AuthenticationRefusal('no-token', 'none') })
    return failureToConnect(await user())
  },
  unknownChannel: async (connected) => endOf(await connected({ namespaces: { a: {} } }), 'b:1'),
  permissionDenied: async (connected) => endOf(await connected(), 'news#bob'),
  methodNotFound: async (connected) => {
    const client = await connected({ rpc: {} })
    return client.run(({ centrifuge, failure }) => failure(centrifuge.rpc('any', null)))
  },
  alreadySubscribed: async (connected) =>
    endOf(await connected({ authenticate: () => ({ user: 'ann', channels: ['inbox'] }) }), 'inbox'),
  limitExceeded: async (connected) => {
    const client = await connected({ sessions: { maxChannels: 1 } })
    await client.subscribe('a')
    return endOf(client, 'b')
  },
  badRequest: async (connected) => endOf(await connected(), 'no name'),
  notAvailable: async (connected) => {
    const client = await connected()
    return client.run(({ centrifuge, failure }) => failure(centrifuge.presence('a')))
  },
  tokenExpired: async (_connected, serve) => {
    const { user } = await serve({ authenticate: () => new AuthenticationRefusal('expired', 'too old') })
    const client = await user({ token: 'old', tokens: 'never' })
    await client.run(({ centrifuge }) => centrifuge.connect())
    return (await client.heard('', 'error'))[0]?.error
  },
  expired: async (_connected, serve) => {
    const { user } = await serve({ authenticate: () => ({ user: 'ann', expiresAt: Date.now() - 1 }) })
    return failureToConnect(await user())
  },
  tooManyRequests: async (connected) => {
    const client = await connected({ sessions: { maxUnansweredCommands: 1 }, rpc: () => new Promise(() => {}) })
    return client.run(({ centrifuge, failure }) => {
      centrifuge.rpc('slow', null).catch(() => {})
      return failure(centrifuge.rpc('one too many', null))
    })
  },
  unrecoverablePosition: async (connected) => {
    const client = await connected({ namespaces: { '': { readHistory: 'anyone' } } })
    return client.run(({ centrifuge, failure }) =>
      failure(centrifuge.history('a', { limit: 1, since: { offset: 7, epoch: 'gone' } })),
    )
  },
}

describe.each(clientRealms())('every error of the protocol, with centrifuge over $name', ({ serve }) => {
  test.each(Object.entries(CODES))('%s', async (name, reach) => {
    const code = ErrorCode[name as keyof typeof ErrorCode]
    expect(await reach(connectedBy(serve), serve)).toMatchObject({ code })
  })
})
