/** What a section asks, and what we do where it leaves a choice: the rows of docs/conformance.md. */
export interface Section {
  readonly section: string
  readonly about: string
  /** Our choice; empty where the section leaves none. */
  readonly choice: string
}

/** Every section that cases cite, in the order of the table. */
export const SECTIONS: readonly Section[] = [
  {
    section: 'RFC 6455 §3',
    about: 'the resource',
    choice: 'A path, or an `http:` or `https:` URL as proxies send it. Anything else, and a `#`, is refused with 400.',
  },
  {
    section: 'RFC 6455 §4.1',
    about: 'the request, and a client’s view of the answer',
    choice:
      'A server refuses subprotocols that are no tokens or are repeated (400). A client takes an `Upgrade` that is `websocket` and nothing else; any reason phrase; a frame right behind the answer. A client whose handshake failed hangs up without a frame.',
  },
  {
    section: 'RFC 6455 §4.2.1',
    about: 'a server’s view of the request',
    choice:
      '`Upgrade` and `Connection` are lists; empty members are ignored. No `Upgrade` or no key: a plain request, served as one. Another method: 405. HTTP/1.0, a malformed or repeated `Host`, a wrong or repeated key: 400. Base64 is checked by form: unused bits of its last digit may be set.',
  },
  {
    section: 'RFC 6455 §4.2.2',
    about: 'the answer',
    choice:
      'The first offered subprotocol that the server speaks, in the client’s order; none when there is none, and the connection opens. A repeated `Sec-WebSocket-Accept` fails the handshake.',
  },
  {
    section: 'RFC 6455 §4.4',
    about: 'versions',
    choice: 'Only 13. Another one: 426; none or two: 400; both name 13.',
  },
  {
    section: 'RFC 6455 §5.1',
    about: 'who masks',
    choice: 'Enforced in both directions with 1002, on the first two bytes of a frame.',
  },
  {
    section: 'RFC 6455 §5.2',
    about: 'the frame header',
    choice:
      'Every fault is 1002 and found on the header, before any payload: reserved bits and opcodes on the first two bytes, a length that is not in its shortest form or has its top bit set with the last byte of the length. Messages before it are told, nothing behind it is.',
  },
  { section: 'RFC 6455 §5.3', about: 'masking', choice: 'A client takes a new random key for each frame.' },
  {
    section: 'RFC 6455 §5.4',
    about: 'fragments',
    choice:
      'Fragments may be empty. A fault of their order is 1002, on the header. A message is told when it is whole.',
  },
  {
    section: 'RFC 6455 §5.5',
    about: 'control frames',
    choice: 'Above 125 bytes or without FIN: 1002, on the first two bytes.',
  },
  {
    section: 'RFC 6455 §5.5.1',
    about: 'Close frames',
    choice:
      'Answered with the same code and no reason; one without a code with one without. One byte: 1002. A reason that is not UTF-8: 1007. Whatever stands behind it is not read.',
  },
  {
    section: 'RFC 6455 §5.5.2',
    about: 'pings',
    choice:
      'Each is answered, in order with messages, also behind our own Close frame; not behind the peer’s. A peer that does not read its pongs gets none above `maxBufferedForPongBytes`.',
  },
  { section: 'RFC 6455 §5.5.3', about: 'pongs nobody asked for', choice: 'Ignored; they count as control frames.' },
  {
    section: 'RFC 6455 §7.1.1',
    about: 'the end of TCP',
    choice:
      'The server ends first, the client waits for it. Either gives up after `closeTimeoutMs` and drops the connection.',
  },
  { section: 'RFC 6455 §7.1.2', about: 'starting the closing handshake', choice: '' },
  { section: 'RFC 6455 §7.1.3', about: 'both at once', choice: 'Neither sends a second Close frame.' },
  {
    section: 'RFC 6455 §7.1.5',
    about: 'the close code that the application is told',
    choice: 'The one that came; 1005 for a Close frame without one; 1006, and not clean, without a Close frame.',
  },
  {
    section: 'RFC 6455 §7.1.7',
    about: 'failing the connection',
    choice:
      'A Close frame with the code, then the end of our direction; nothing more is read, not even a Close frame. No second Close frame when ours was out.',
  },
  {
    section: 'RFC 6455 §7.4',
    about: 'close codes',
    choice:
      '1000 to 1003, 1007 to 1014 and 3000 to 4999 pass, 1012 to 1014 being registered since. All others, those reserved for later included, are refused with 1002.',
  },
  {
    section: 'RFC 6455 §8.1',
    about: 'UTF-8',
    choice:
      'Text is checked as it arrives and fails with 1007 on the first byte that cannot be right, within a frame or a fragment that is not whole yet. Noncharacters and a byte order mark pass.',
  },
  {
    section: 'RFC 6455 §9.1',
    about: 'extensions',
    choice:
      'Unknown ones are not agreed to. A malformed offer refuses the request (400); a malformed answer fails the handshake.',
  },
  {
    section: 'RFC 6455 §10.2',
    about: 'Origin',
    choice: 'Pages of the same origin by default, and programs, which have none; others get 403. Two of them: 400.',
  },
  {
    section: 'RFC 6455 §10.4',
    about: 'limits',
    choice:
      'Found on the header, before the payload: size 1009, fragments and control frames 1008. Request heads: 431. Numbers: [limits.md](limits.md).',
  },
  {
    section: 'RFC 6455 §11.3.4',
    about: 'a repeated Sec-WebSocket-Protocol in the answer',
    choice: 'Fails the handshake, were both the same.',
  },
  {
    section: 'RFC 7692 §5',
    about: 'compression beside the rest',
    choice: 'Off by default on a server: it agrees to none. RSV2 and RSV3 stay forbidden (1002).',
  },
  {
    section: 'RFC 7692 §5.1',
    about: 'offers and answers',
    choice: 'The client’s first offer that will do. Two answers, or one for what was not offered, fail the handshake.',
  },
  {
    section: 'RFC 7692 §6.1',
    about: 'which frames have RSV1',
    choice: 'On a continuation or a control frame: 1002, on the first two bytes. Short messages go as they are.',
  },
  {
    section: 'RFC 7692 §6.2',
    about: 'inflated messages',
    choice: 'Text is checked behind inflation, when it is whole.',
  },
  {
    section: 'RFC 7692 §7.1',
    about: 'parameters',
    choice:
      'Unknown, repeated, or with a value they cannot have: a server declines that offer and looks at the next, a client fails the handshake. Names are compared with case.',
  },
  {
    section: 'RFC 7692 §7.1.1',
    about: 'context takeover',
    choice: 'Kept in both directions unless either end says otherwise. Reaching back without it: 1007.',
  },
  { section: 'RFC 7692 §7.1.1.1', about: 'server_no_context_takeover that was asked for', choice: '' },
  {
    section: 'RFC 7692 §7.1.2',
    about: 'windows',
    choice: 'Windows of 2^12 bytes by default, from 2^8 on; with the largest nothing is said of them unless asked.',
  },
  {
    section: 'RFC 7692 §7.1.2.1',
    about: 'server_max_window_bits',
    choice:
      'Answered with the smaller of the offered and our own. A client that was told its number takes no larger one; by default it offers to do without, too.',
  },
  {
    section: 'RFC 7692 §7.1.2.2',
    about: 'client_max_window_bits',
    choice:
      'The same. Who does not offer it is answered with `client_no_context_takeover`, so that no large window is kept.',
  },
  { section: 'RFC 7692 §7.2.1', about: 'compressing', choice: '' },
  { section: 'RFC 7692 §7.2.2', about: 'inflating', choice: 'What is no DEFLATE, or ends within a block, is 1007.' },
  { section: 'RFC 7692 §7.2.3', about: 'the examples', choice: '' },
  { section: 'RFC 7692 §7.2.3.6', about: 'empty messages', choice: '' },
  {
    section: 'RFC 7692 §8',
    about: 'limits of compressed messages',
    choice:
      'A message is judged by what it inflates to (1009), and on the header where it could not come from one that is small enough.',
  },
  {
    section: 'RFC 9110 §5',
    about: 'header fields',
    choice:
      'Control characters are refused (400), bytes above 127 pass. On Node’s HTTP parser a tab behind `Upgrade` in `Connection` makes a plain request of it.',
  },
  { section: 'RFC 9110 §15.2', about: 'interim answers', choice: 'Up to 16 are passed over.' },
  {
    section: 'RFC 9112 §2 to §5',
    about: 'heads on the wire',
    choice:
      'Folded lines, white space before a colon and a request with a body are refused (400); a client fails the handshake.',
  },
]
