import { ReadyState } from './ready-state.ts'

/** The attributes that a browser's WebSocket has, or `ws` beside them. */
const ATTRIBUTES = [
  'binaryType',
  'bufferedAmount',
  'extensions',
  'isPaused',
  'protocol',
  'readyState',
  'url',
  'onopen',
  'onmessage',
  'onclose',
  'onerror',
]

/** Gives a class what Web IDL gives a browser's: constants that cannot be set, and attributes that `for … in` finds. */
export function defineWebIdl(Class: abstract new (...parameters: never[]) => object): void {
  for (const [name, value] of Object.entries(ReadyState)) {
    // Of the class they are fields until here, which could be set.
    Object.defineProperty(Class, name, { configurable: false, enumerable: true, value, writable: false })
    Object.defineProperty(Class.prototype, name, { enumerable: true, value })
  }
  for (const name of ATTRIBUTES) Object.defineProperty(Class.prototype, name, { enumerable: true })
}
