import { type CgiRequest, cgiEnvironment } from '@wigwag/programs'
import { describe, expect, test } from 'vitest'

const request: CgiRequest = {
  method: 'GET',
  target: '/chat/room%201?a=1&b=2',
  httpVersion: '1.1',
  headers: [
    ['Host', 'example.com:8080'],
    ['Origin', 'http://example.com:8080'],
    ['X-Two', 'one'],
    ['x-two', 'two'],
  ],
  remoteAddress: '192.0.2.7',
  remotePort: '54321',
  isSecure: false,
  uniqueId: 'id-1',
}
const script = { scriptName: '/chat', pathInfo: '/room 1' }
const environment = (changes: Partial<CgiRequest> = {}, passed: Record<string, string> = {}): Record<string, string> =>
  cgiEnvironment({ ...request, ...changes }, script, passed)

test('RFC 3875 §4.1: every variable, and nothing else', () => {
  expect(environment({}, { PATH: '/bin' })).toEqual({
    AUTH_TYPE: '',
    CONTENT_LENGTH: '',
    CONTENT_TYPE: '',
    GATEWAY_INTERFACE: 'CGI/1.1',
    HTTP_HOST: 'example.com:8080',
    HTTP_ORIGIN: 'http://example.com:8080',
    HTTP_X_TWO: 'one, two',
    PATH: '/bin',
    PATH_INFO: '/room 1',
    PATH_TRANSLATED: '/chat/room 1',
    QUERY_STRING: 'a=1&b=2',
    REMOTE_ADDR: '192.0.2.7',
    REMOTE_HOST: '192.0.2.7',
    REMOTE_IDENT: '',
    REMOTE_PORT: '54321',
    REMOTE_USER: '',
    REQUEST_METHOD: 'GET',
    REQUEST_URI: '/chat/room%201?a=1&b=2',
    SCRIPT_NAME: '/chat',
    SERVER_NAME: 'example.com',
    SERVER_PORT: '8080',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'wigwag',
    UNIQUE_ID: 'id-1',
  })
})

describe('what is told of the request', () => {
  const cases: [string, Partial<CgiRequest>, Record<string, string>][] = [
    ['the port of http', { headers: [['Host', 'a.example']] }, { SERVER_NAME: 'a.example', SERVER_PORT: '80' }],
    ['the port of https', { headers: [['Host', 'a.example']], isSecure: true }, { SERVER_PORT: '443', HTTPS: 'on' }],
    ['an IPv6 address', { headers: [['Host', '[::1]:81']] }, { SERVER_NAME: '[::1]', SERVER_PORT: '81' }],
    ['no host (HTTP/1.0)', { headers: [], httpVersion: '1.0' }, { SERVER_NAME: '', SERVER_PROTOCOL: 'HTTP/1.0' }],
    ['no query', { target: '/a' }, { QUERY_STRING: '', REQUEST_URI: '/a' }],
    ['an empty query', { target: '/a?' }, { QUERY_STRING: '', REQUEST_URI: '/a?' }],
    ['a name that was looked up', { remoteHost: 'host.example' }, { REMOTE_HOST: 'host.example' }],
    ['a user', { user: { name: 'ada', scheme: 'Basic' } }, { REMOTE_USER: 'ada', AUTH_TYPE: 'Basic' }],
    ['a header with ends of lines', { headers: [['X-A', 'a\r\nb']] }, { HTTP_X_A: 'a  b' }],
  ]
  test.each(cases)('%s', (_what, changes, expected) => {
    expect(environment(changes)).toMatchObject(expected)
  })
})

describe('what a client must not set', () => {
  const cases: [string, [string, string][], string][] = [
    ['HTTP_PROXY: programs would send their requests there', [['Proxy', 'http://evil.example']], 'HTTP_PROXY'],
    ['the variable of another header, by an underscore', [['X_Two', 'evil']], 'HTTP_X_TWO'],
    ['a name with other signs', [['X!', 'evil']], 'HTTP_X!'],
    ['HTTPS', [['HTTPS', 'on']], 'HTTPS'],
  ]
  test.each(cases)('%s', (_what, headers, variable) => {
    expect(environment({ headers })).not.toHaveProperty([variable])
  })

  test('the password that the server has checked is not for the program', () => {
    const headers: [string, string][] = [['Authorization', 'Basic YTpi']]
    expect(environment({ headers, user: { name: 'a', scheme: 'Basic' } })).not.toHaveProperty('HTTP_AUTHORIZATION')
    expect(environment({ headers })).toMatchObject({ HTTP_AUTHORIZATION: 'Basic YTpi' })
  })

  test('what is passed on of ours does not overrule the request', () => {
    expect(environment({}, { REMOTE_ADDR: 'ours', REMOTE_USER: 'root' })).toMatchObject({
      REMOTE_ADDR: '192.0.2.7',
      REMOTE_USER: '',
    })
  })
})
