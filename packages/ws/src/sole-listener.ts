import { EventEmitter } from 'node:events'

type AnyListener = (this: unknown, ...parameters: unknown[]) => unknown

/** What an emitter is made of, as far as it is read here. `events` of Node has had these since 0.x, without documenting them. */
type Inside = EventEmitter & {
  readonly _events?: Readonly<Record<string, AnyListener | readonly AnyListener[] | undefined>>
} & { readonly [symbol: symbol]: unknown }

/** `emit` as Node has it; with domains it is another one, which knows more. */
const plainEmit =
  (EventEmitter as { readonly usingDomains?: boolean }).usingDomains === true ? undefined : EventEmitter.prototype.emit
/** Set on an emitter that looks after the promises of its listeners (`captureRejections`). */
const kCapture = Object.getOwnPropertySymbols(new EventEmitter()).find(({ description }) => description === 'kCapture')

/**
 * The one listener of an event, when calling it is all that `emit` would do: nobody has replaced `emit` or wants rejections
 * captured. It saves `emit`'s arrays and checks, half of what telling a small message costs. `undefined` when to `emit`.
 */
export function soleListener(emitter: EventEmitter, name: string): AnyListener | undefined {
  if (emitter.emit !== plainEmit || kCapture === undefined) return undefined
  const { _events: events, [kCapture]: captures } = emitter as Inside
  const listener = events?.[name]
  return typeof listener === 'function' && captures === false ? listener : undefined
}
