import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeClose } from '../src/describe-close.ts'
import { withHeld } from '../src/keys.ts'
import { OutputFlow } from '../src/output-flow.ts'
import { readManners } from '../src/page-manners.ts'
import { endpointUrls, readFragment, viewerLink } from '../src/session-link.ts'

const KEY = 'abcdefghijklmnopqrstuv'

describe('keys that are held for the next one', () => {
  test.each([
    ['c', { ctrl: true, alt: false }, '\x03'],
    ['C', { ctrl: true, alt: false }, '\x03'],
    [' ', { ctrl: true, alt: false }, '\0'],
    ['?', { ctrl: true, alt: false }, '\x7f'],
    ['[', { ctrl: true, alt: false }, '\x1b'],
    ['1', { ctrl: true, alt: false }, '1'],
    ['pasted', { ctrl: true, alt: false }, 'pasted'],
    ['x', { ctrl: false, alt: true }, '\x1bx'],
    ['x', { ctrl: true, alt: true }, '\x1b\x18'],
    ['\x1b[A', { ctrl: false, alt: false }, '\x1b[A'],
    ['\x1b[A', { ctrl: true, alt: false }, '\x1b[1;5A'],
    ['\x1b[D', { ctrl: true, alt: true }, '\x1b[1;7D'],
  ])('%j with %j', (text, held, sent) => expect(withHeld(text, held)).toBe(sent))

  test('none held changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(withHeld(text, { ctrl: false, alt: false })).toBe(text)
      }),
    )
  })
})

describe('links', () => {
  test.each([
    ['http://h:1/', 'ws://h:1/ws', 'http://h:1/token'],
    ['https://h/term/?arg=a%20b#session=x', 'wss://h/term/ws?arg=a%20b', 'https://h/term/token'],
    ['http://h/term/view#session=x', 'ws://h/term/ws', 'http://h/term/token'],
  ])('of %s', (href, socket, token) => expect(endpointUrls(href)).toEqual({ socket, token }))

  test('to read: the key is in the fragment, which no server sees', () => {
    const link = viewerLink('https://h/term/?arg=secret#session=writer', KEY)
    expect(link).toBe(`https://h/term/view#session=${KEY}`)
    expect(readFragment(new URL(link).hash)).toEqual({ session: KEY })
    expect(viewerLink(link, KEY)).toBe(link)
  })

  test.each(['', '#', '#session=', '#session=short', `#session=${KEY}x`, '#other=1'])('%j names no session', (hash) =>
    expect(readFragment(hash)).toEqual({ session: '' }),
  )
})

describe('what a close means', () => {
  test.each([
    [1000, '', 'The program has ended.', false],
    [4003, 'x', 'The program has ended with status 3.', false],
    [4255, '', 'The program has ended with status 255.', false],
    [4404, 'This session is over', 'This session is over.', false],
    [1008, 'The token is not good', 'The token is not good.', false],
    [1001, '', 'The connection is lost.', true],
    [1006, '', 'The connection is lost.', true],
    [1013, 'full', 'The connection is lost.', true],
  ])('%i %s', (code, reason, text, comesBack) => expect(describeClose(code, reason)).toEqual({ text, comesBack }))
})

test('the server is paused while too much is not drawn, and never for good', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 50 }), (chunks) => {
      const told: string[] = []
      const flow = new OutputFlow({ pause: () => told.push('pause'), resume: () => told.push('resume') })
      flow.startAt(7)
      let waiting = 0
      for (const bytes of chunks) {
        flow.came(bytes)
        waiting += bytes
        if (waiting >= 512 * 1024) expect(told.at(-1)).toBe('pause')
      }
      expect(flow.offset).toBe(7 + waiting)
      for (const bytes of chunks) flow.drawn(bytes)
      expect(told.at(-1) ?? 'resume').toBe('resume')
      expect(told.length % 2).toBe(0)
    }),
  )
})

describe('what a page does by itself', () => {
  const usual = { asksBeforeLeaving: true, reconnects: true, closesWithProgram: false, title: undefined }
  test.each([
    [{}, {}],
    [{ disableLeaveAlert: true }, { asksBeforeLeaving: false }],
    [{ disableReconnect: true }, { reconnects: false }],
    [{ closeOnDisconnect: true }, { closesWithProgram: true }],
    [{ titleFixed: 'Lab 3' }, { title: 'Lab 3' }],
    // ttyd's users write anything.
    [{ disableReconnect: 'yes', titleFixed: 7, closeOnDisconnect: 1, disableLeaveAlert: null }, {}],
    [{ titleFixed: '' }, {}],
  ])('%j', (preferences, changes) => expect(readManners(preferences)).toEqual({ ...usual, ...changes }))
})
