import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { LOCALHOST_CERTIFICATE } from '../../node/support/localhost-certificate.ts'
import { COMPRESSIONS, type CompressionName } from './compressions.ts'
import { converse, type Exchange, exchange, type Reports, writeCertificate } from './exchange.ts'
import { OUR_SIDE } from './our-side.ts'
import type { Side } from './side.ts'
import { randomTraffic, similarTraffic, type Traffic, trafficOf } from './traffic.ts'
import { WireTap } from './wire-tap.ts'

/** A program that judges us, and what it has no means for. */
export interface Judge {
  readonly name: string
  /** Whether it is installed. */
  readonly isHere: boolean
  /** The roles that it plays. Default: both. */
  readonly roles?: readonly Role[]
  readonly start: () => MaybePromise<Side & AsyncDisposable>
  readonly cannot?: Cannot
}

type Role = 'client' | 'server'
type MaybePromise<T> = T | Promise<T>

/** Each with the reason, where it is used. */
interface Cannot {
  /** Answer a Close frame with the code that it had (RFC 6455 §5.5.1): it always answers with this one. */
  readonly answerCloseCode?: number
  /** Close without a code (RFC 6455 §7.1.5: 1005). */
  readonly closeWithoutCode?: readonly Role[]
  /** Leave text as it is that begins with U+FEFF: it is not taken for a byte order mark (RFC 6455 §5.6, RFC 3629 §6). */
  readonly keepByteOrderMark?: readonly Role[]
  /** Tell the other side by 1009 that a message is too large (RFC 6455 §7.4.1). */
  readonly refuseLargeMessages?: readonly Role[]
  /** Be told which certificate to trust. */
  readonly tls?: readonly Role[]
  /** Compress with these parameters. */
  readonly compress?: Partial<Record<Role, readonly CompressionName[]>>
  /** Compress what it sends, though it takes what is compressed. */
  readonly compressWhatItSends?: readonly Role[]
}

const SEEDS = [1, 2, 3]
const LARGE_BYTES = 3_000_000
const SIMILAR_MESSAGES = 100

/** Registers what every judge says of us, in each role that it plays. */
export function describeJudge(judge: Judge): void {
  describe.skipIf(!judge.isHere)(judge.name, () => {
    let foreign: Side & AsyncDisposable
    beforeAll(async () => {
      foreign = await judge.start()
    })
    afterAll(() => foreign?.[Symbol.asyncDispose]())

    for (const role of judge.roles ?? ['client', 'server']) {
      const ours = role === 'client' ? 'server' : 'client'
      const pair = { role, ours, run: pairOf(() => foreign, role), cannot: judge.cannot ?? {} } as const
      describe(role === 'client' ? 'as a client of our server' : 'as a server for our client', () => {
        describeTraffic(pair)
        describeClosing(pair)
        describeCompression(pair)
      })
    }
  })
}

/** What is said from the judge's and from our point of view, and told by client and server. */
interface Pair {
  readonly role: Role
  readonly ours: Role
  readonly cannot: Cannot
  readonly run: Run
}

type Run = (how: typeof exchange, what: PairExchange) => Promise<{ theirs: Reports['client']; ours: Reports['client'] }>

interface PairExchange extends Omit<Exchange, 'fromClient' | 'fromServer' | 'closes' | 'limits'> {
  readonly fromThem: Traffic | 'echo'
  readonly fromUs: Traffic | 'echo'
  readonly closes?: 'they' | 'we'
  /** Largest message that we accept, in bytes; and they. */
  readonly ourLimit?: number
  readonly theirLimit?: number
}

function pairOf(foreign: () => Side, role: Role): Run {
  const isClient = role === 'client'
  return async (how, { fromThem, fromUs, closes = 'they', ourLimit, theirLimit, ...rest }) => {
    const [client, server] = isClient ? [foreign(), OUR_SIDE] : [OUR_SIDE, foreign()]
    const [clientLimit, serverLimit] = isClient ? [theirLimit, ourLimit] : [ourLimit, theirLimit]
    const reports = await how(client, server, {
      ...rest,
      limits: { ...(clientLimit && { client: clientLimit }), ...(serverLimit && { server: serverLimit }) },
      fromClient: isClient ? fromThem : fromUs,
      fromServer: isClient ? fromUs : fromThem,
      closes: (closes === 'they') === isClient ? 'client' : 'server',
    })
    return isClient
      ? { theirs: reports.client, ours: reports.server }
      : { theirs: reports.server, ours: reports.client }
  }
}

/** What a program has no means for is no test that is skipped: there is none. */
function testUnless(isUnable: boolean | undefined, name: string, run: () => Promise<void>): void {
  if (!isUnable) test(name, run)
}

function describeTraffic({ role, run, cannot }: Pair): void {
  test.each(SEEDS)('random traffic both ways at once (seed %i)', async (seed) => {
    await run(exchange, { fromThem: randomTraffic(seed), fromUs: randomTraffic(-seed) })
  })

  test('they send back what we send', async () => {
    await run(exchange, { fromThem: 'echo', fromUs: randomTraffic(11), closes: 'we' })
  })

  test('we send back what they send', async () => {
    await run(exchange, { fromThem: randomTraffic(12), fromUs: 'echo' })
  })

  testUnless(cannot.keepByteOrderMark?.includes(role), 'text that begins with U+FEFF is not changed', async () => {
    const traffic = trafficOf('\ufeff', '\ufefftext', '\ufeff\ufeff')
    await run(exchange, { fromThem: traffic, fromUs: traffic })
  })

  test('large messages', async () => {
    const text = 'é€𝄞x'.repeat(LARGE_BYTES / 10)
    const bytes = Buffer.from(text).reverse()
    await run(exchange, { fromThem: trafficOf(text, bytes), fromUs: trafficOf(bytes, text) })
  })

  test('the subprotocol that both speak (RFC 6455 §1.9)', async () => {
    const nothing = trafficOf()
    const { theirs, ours } = await run(exchange, {
      fromThem: nothing,
      fromUs: nothing,
      subprotocols: ['judge.v2', 'judge.v1'],
    })
    expect([theirs.protocol, ours.protocol]).toEqual(['judge.v2', 'judge.v2'])
  })

  testUnless(cannot.tls?.includes(role), 'over TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-tls-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const tls = writeCertificate(folder, LOCALHOST_CERTIFICATE)
    await run(exchange, { fromThem: randomTraffic(21), fromUs: randomTraffic(22), tls })
  })
}

function describeClosing({ role, run, cannot }: Pair): void {
  const quiet = (): Pick<PairExchange, 'fromThem' | 'fromUs'> => ({
    fromThem: trafficOf('hi'),
    fromUs: trafficOf('ho'),
  })

  for (const closes of ['they', 'we'] as const) {
    test.each([
      { code: 1000, reason: '' },
      { code: 3000, reason: 'gone for tea' },
      { code: 4999, reason: 'é€𝄞 '.repeat(12) },
    ])(`${closes} close with $code «$reason»`, async (close) => {
      const { theirs, ours } = await run(exchange, { ...quiet(), closes, close })
      // The answer to a Close frame has its code, and seldom its reason (RFC 6455 §5.5.1).
      const reason = closes === 'they' ? close.reason : expect.any(String)
      const code = closes === 'we' ? (cannot.answerCloseCode ?? close.code) : close.code
      expect(ours.close).toEqual({ code, reason, clean: true })
      expect(theirs.close.code).toBe(close.code)
      if (closes === 'we') expect(theirs.close.reason).toBe(close.reason)
      expect(theirs.close.clean ?? true).toBe(true)
    })

    const isUnable = closes === 'they' && cannot.closeWithoutCode?.includes(role)
    testUnless(isUnable, `${closes} close without a code, which is told as 1005 (RFC 6455 §7.1.5)`, async () => {
      const { theirs, ours } = await run(exchange, { ...quiet(), closes, close: {} })
      const code = closes === 'we' ? (cannot.answerCloseCode ?? 1005) : 1005
      expect(ours.close).toEqual({ code, reason: '', clean: true })
      expect(theirs.close.code).toBe(1005)
    })
  }

  test('a message over our limit: they are told 1009 (RFC 6455 §7.4.1)', async () => {
    const { theirs, ours } = await run(converse, {
      fromThem: trafficOf('x'.repeat(50_000)),
      fromUs: trafficOf(),
      closes: 'we',
      ourLimit: 1000,
    })
    expect([theirs.close.code, ours.close.code]).toEqual([1009, 1009])
  })

  testUnless(cannot.refuseLargeMessages?.includes(role), 'a message over their limit: we are told 1009', async () => {
    const { ours } = await run(converse, {
      fromThem: trafficOf(),
      fromUs: trafficOf('x'.repeat(50_000)),
      closes: 'we',
      theirLimit: 1000,
    })
    expect(ours.close.code).toBe(1009)
  })
}

function describeCompression({ role, ours, run, cannot }: Pair): void {
  for (const [name, compression] of Object.entries(COMPRESSIONS)) {
    if (cannot.compress?.[role]?.includes(name as CompressionName)) continue
    describe(`compressed, ${name}`, () => {
      test('random traffic both ways at once', async () => {
        const what = { fromThem: randomTraffic(31), fromUs: randomTraffic(32), compression }
        const reports = await run(exchange, what)
        expect(reports.ours.extensions).toContain('permessage-deflate')
      })

      test('messages that are alike, in fewer bytes', async () => {
        const tap = new WireTap()
        const fromThem = similarTraffic(SIMILAR_MESSAGES)
        const fromUs = similarTraffic(SIMILAR_MESSAGES)
        const reports = await run(exchange, { fromThem, fromUs, compression, via: (port) => tap.tap(port) })
        const plainBytes = fromUs.items.reduce((sum, { data }) => sum + Buffer.byteLength(data, 'base64'), 0)
        const bytes = { client: tap.fromClientBytes, server: tap.fromServerBytes }
        const senders = cannot.compressWhatItSends?.includes(role) ? [ours] : [ours, role]
        for (const sender of senders) {
          const isFresh = reports.ours.extensions?.includes(`${sender}_no_context_takeover`)
          expect(bytes[sender] / plainBytes, `of its bytes, the ${sender} sent`).toBeLessThan(isFresh ? 0.3 : 0.15)
        }
      })
    })
  }
}
