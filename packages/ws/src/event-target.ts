import type { EventEmitter } from 'node:events'
import { CloseEvent, ErrorEvent, Event, MessageEvent } from './events.ts'

/** The events that exist in a browser, too. */
export type EventName = 'open' | 'message' | 'close' | 'error'
/** A function, or an object with `handleEvent`. */
export type Listener = ListenerFunction | { handleEvent(event: Event): void }
/** What an `on…` property takes. */
export type ListenerFunction = (event: Event) => void

/** What a WebSocket lends its listeners. */
export interface EventSource extends EventEmitter {
  /** Whether both Close frames were exchanged. */
  readonly _wasClean: boolean
}

/** A listener of the emitter, made for one of a browser's kind. */
interface Wrapper {
  (this: EventSource, ...parameters: never[]): void
  readonly wrapped: Listener
  /** Whether it is the one of the `on…` property, which `removeEventListener` does not touch. */
  readonly ofProperty: boolean
}

const EVENT_OF: { readonly [Name in EventName]: (source: EventSource, first: unknown, second: unknown) => Event } = {
  open: (source) => new Event('open', source),
  message: (source, data, isBinary) => new MessageEvent(source, isBinary === true ? data : String(data)),
  close: (source, code, reason) => new CloseEvent(source, code as number, String(reason), source._wasClean),
  error: (source, error) => new ErrorEvent(source, error),
}

/** WHATWG's `addEventListener` on an emitter. Other events than those four, and a listener that is there already, change nothing. */
export function addListener(source: EventSource, name: string, listener: Listener, once: boolean): void {
  if (!(name in EVENT_OF) || find(source, name, listener) !== undefined) return
  const wrapper = wrap(name as EventName, listener, false)
  if (once) source.once(name, wrapper)
  else source.on(name, wrapper)
}

/** WHATWG's `removeEventListener`. */
export function removeListener(source: EventSource, name: string, listener: Listener): void {
  const wrapper = find(source, name, listener)
  if (wrapper !== undefined) source.removeListener(name, wrapper as never)
}

/** What an `on…` property reads as. */
export function propertyListener(source: EventSource, name: EventName): ListenerFunction | null {
  const wrapper = wrappersOf(source, name).find(({ ofProperty }) => ofProperty)
  return wrapper === undefined ? null : (wrapper.wrapped as ListenerFunction)
}

/** Sets an `on…` property: anything but a function clears it. */
export function setPropertyListener(source: EventSource, name: EventName, listener: unknown): void {
  const wrapper = wrappersOf(source, name).find(({ ofProperty }) => ofProperty)
  if (wrapper !== undefined) source.removeListener(name, wrapper as never)
  if (typeof listener === 'function') source.on(name, wrap(name, listener as Listener, true))
}

function find(source: EventSource, name: string, listener: Listener): Wrapper | undefined {
  return wrappersOf(source, name).find(({ wrapped, ofProperty }) => wrapped === listener && !ofProperty)
}

function wrappersOf(source: EventSource, name: string): Wrapper[] {
  return source.listeners(name).filter((listener) => 'wrapped' in listener) as unknown as Wrapper[]
}

function wrap(
  name: EventName,
  listener: Listener,
  ofProperty: boolean,
): Wrapper & ((...parameters: unknown[]) => void) {
  const wrapper = function (this: EventSource, first: unknown, second: unknown): void {
    const event = EVENT_OF[name](this, first, second)
    if (typeof listener === 'function') listener.call(this, event)
    else listener.handleEvent(event)
  }
  return Object.assign(wrapper, { wrapped: listener, ofProperty }) as never
}
