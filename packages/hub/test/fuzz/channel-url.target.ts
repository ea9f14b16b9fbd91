import { HubError } from '@wigwag/hub'
import { latin1, must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { assertChannelName } from '../../src/channel/channel-name.ts'
import { channelPath, decodeChannelName, matchChannelUrl } from '../../src/node/channel-url.ts'

/** The request-target of a channel: `/channel/NAME` and `/ws?channel=NAME`, below a base path or not. */
export function fuzz(input: Uint8Array): void {
  const target = latin1(input)
  for (const [alias, basePath] of WAYS) {
    const url = matchChannelUrl(target, alias, basePath)
    if (url === undefined) continue
    const name = unlessRefused(
      () => decodeChannelName(url.encodedName),
      (error) => error instanceof HubError && error.code === 'ERR_CHANNEL_NAME' && error.message.length < 500,
    )
    if (name === undefined) continue
    assertChannelName(name)
    must(!/[\p{Cc}\s]/u.test(name) && name.length <= 255 && !name.startsWith('__'), 'a name has what none may have')
    const again = matchChannelUrl(channelPath(name, basePath), alias, basePath)
    must(again !== undefined && decodeChannelName(again.encodedName) === name, 'its own path leads elsewhere')
  }
}

const WAYS: readonly (readonly [alias: boolean, basePath: string])[] = [
  [true, ''],
  [false, ''],
  [true, '/push'],
]

export const seeds: Record<string, string> = {
  'a channel': '/channel/foo',
  'with a query': '/channel/foo?after=a:1&wait=5',
  'the alias': '/ws?channel=foo%20bar',
  'below a base path': '/push/channel/foo',
  'in absolute form': 'http://a.example/channel/foo',
  'an authority alone': 'https://a.example',
  'encoded characters': '/channel/%E2%82%AC%F0%9F%98%80%2F',
  'no UTF-8': '/channel/%ff%C3',
  'a half of an escape': '/channel/%4',
  'two segments': '/channel/a/b',
  'a reserved name': '/channel/__all',
  'dots that a URL resolves': '/channel/%2E%2e',
  'a control character': '/channel/a%00b',
  'a pattern': '/channel/a*',
}

export const dictionary: string[] = [
  '/channel/',
  '/ws?channel=',
  '/push',
  'http://',
  '%2F',
  '%ED%A0%80',
  '%C2%80',
  '%EF%BB%BF',
  '+',
  '#',
  '?',
  '&',
  '%20',
  '%00',
]
