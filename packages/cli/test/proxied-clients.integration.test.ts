import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, openSocket, originOf } from './support/front.ts'
import { canProxy, type ProxiedWigwag, startProxied } from './support/proxied-wigwag.ts'
import { fillIn, guideArguments, guideBlock } from './support/proxy-guide.ts'

describe.skipIf(!canProxy('nginx'))('behind nginx as the guide has it', () => {
  let proxied: ProxiedWigwag
  beforeAll(async () => {
    const limits = ['--max-address-requests', '1', '--max-address-burst', '1']
    proxied = await startProxied({
      proxy: 'nginx',
      scheme: 'https',
      config: (places) => fillIn(guideBlock('nginx'), places),
      serve: () => [...guideArguments('serve'), ...limits],
    })
  })
  afterAll(() => proxied?.[Symbol.asyncDispose]())

  test('clients are told apart by what nginx says of them, and have limits of their own', async () => {
    // nginx appends our own address, which is one of loopback: trusted, so that the walk goes on to the one before.
    const statusFor = async (client: string): Promise<number> =>
      (await ask(proxied.front, '/health', { headers: { 'x-forwarded-for': client } })).status
    expect(await statusFor('198.51.100.1')).toBe(200)
    expect(await statusFor('198.51.100.1')).toBe(429)
    expect(await statusFor('198.51.100.2')).toBe(200)
  })

  test('what a client claims to have asked for is not what nginx says', async () => {
    const headers = { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
    const refused = await ask(proxied.front, '/channel/a', { method: 'POST', body: 'x', headers })
    expect(refused.status).toBe(403)
    expect(refused.body).toContain(`does not match X-Forwarded-Host "${new URL(originOf(proxied.front)).host}"`)
    await expect(openSocket(proxied.front, '/channel/a', headers)).rejects.toMatchObject({ status: 403 })
  })
})
