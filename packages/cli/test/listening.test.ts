import { networkInterfaces } from 'node:os'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { collectListenHosts, listenAddresses } from '../src/listening/listen-address.ts'
import {
  addAddressOptions,
  addDoorOptions,
  addServerOptions,
  checkListening,
  doorPolicies,
  type ListeningOptions,
} from '../src/listening/listening-options.ts'

/** What a command line says of listening. */
function parse(...args: string[]): ListeningOptions {
  const command = new Command('test').exitOverride().configureOutput({ writeErr: () => {} })
  addServerOptions(addDoorOptions(addAddressOptions(command, 8080, 'open it')), 10)
  return command.parse(args, { from: 'user' }).opts()
}

function check(args: readonly string[], isDecided = false): void {
  const options = parse(...args)
  const whoMay = (host: string): string => `${host} is open`
  checkListening(options, listenAddresses(options.host, options.port), isDecided ? undefined : whoMay)
}

const TLS = ['--tls-cert', 'x.pem', '--tls-key', 'x.pem']

describe('a command line that is wrong', () => {
  test.each([
    [['--host', ''], 'It takes an address'],
    [['--host', 'unix:relative.sock'], 'unix:/path'],
    [['--socket-mode', '999'], 'three octal digits'],
    [['--socket-mode', '4755'], 'three octal digits'],
    [['--port', '65536'], 'A port is a number'],
    [['--redirect-port', '80'], '--redirect-port goes with --tls-cert and --tls-key.'],
    [['--tls-client-ca', 'x.pem'], '--tls-client-ca goes with --tls-cert and --tls-key.'],
    [['--tls-cert', 'x.pem'], 'go together'],
    [['--tls-key', 'x.pem'], 'go together'],
    [['--header-timeout', '2s', '--request-timeout', '1s'], 'cannot be longer'],
    [['--host', '0.0.0.0'], '0.0.0.0 is open'],
    [['--host', '127.0.0.1', '--host', '::'], ':: is open'],
    [['--host', 'app.example'], 'app.example is open'],
  ])('%j', (args, why) => {
    expect(() => check(args)).toThrow(why)
  })
})

describe('who decides who comes in', () => {
  test.each([
    [[], false],
    [['--host', 'localhost', '--host', '::1', '--host', 'unix:/tmp/x.sock'], false],
    [['--host', '0.0.0.0', '--insecure'], false],
    [['--host', '0.0.0.0', ...TLS, '--tls-client-ca', 'x.pem'], false],
    [['--host', '0.0.0.0'], true],
  ])('%j, by itself: %j', (args, isDecided) => {
    expect(() => check(args, isDecided)).not.toThrow()
  })
})

describe('where it listens', () => {
  test('by default on 127.0.0.1', () => {
    expect(listenAddresses(undefined, 1)).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 1 }])
  })

  test.each([['unix:/run/x.sock'], ['/run/x.sock']])('%s is a unix socket', (text) => {
    expect(listenAddresses(collectListenHosts(text, undefined), 1)).toEqual([{ kind: 'unix', path: '/run/x.sock' }])
  })

  test.each(Object.keys(networkInterfaces()))('%s stands for its addresses, without those of the link', (name) => {
    const expected = (networkInterfaces()[name] ?? []).map(({ address }) => address)
    expect(listenAddresses([name], 1)).toEqual(
      expected.filter((host) => !host.startsWith('fe80:')).map((host) => ({ kind: 'tcp', host, port: 1 })),
    )
  })
})

test('what the libraries are told of the doors', () => {
  expect(doorPolicies(parse())).toEqual({})
  expect(
    doorPolicies(parse('--allow-origin', '*', '--allow-host', 'a.example', '--trusted-proxy', 'loopback')),
  ).toEqual({
    allowOrigins: 'any',
    allowHosts: ['a.example'],
    trustedProxies: ['loopback'],
  })
})
