/** Where a stream stands. */
export interface WirePosition {
  readonly offset: number
  readonly epoch: string
}

/** What a subscriber was told, in the terms that all transports share. JSON is told as its text. */
export type Told =
  | { readonly kind: 'publication'; readonly data: string | Uint8Array; readonly position: WirePosition | undefined }
  /** Something cannot be recovered. */
  | { readonly kind: 'gap'; readonly reason: string }
  /** Recovery is done; nothing is missing up to here. */
  | { readonly kind: 'standing'; readonly position: WirePosition | undefined }
  | { readonly kind: 'keepalive' }

/** How a subscriber's connection ended: with a code or a status if the server said one. */
export interface ReaderEnd {
  readonly how: 'FIN' | 'RST' | 'close' | 'status'
  /** A close code, a disconnect code or an HTTP status. */
  readonly code?: number
  /** When to come back, in milliseconds, if that was said. */
  readonly comeBackMs?: number
}

/** How a subscriber comes in. */
export interface ReaderOptions {
  readonly channel: string
  /** Behind which position it begins; what is published from now on when there is none. */
  readonly after?: WirePosition
  /** Further headers of every request; one that is `undefined` is left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Further parameters of every URL. */
  readonly query?: Readonly<Record<string, string>>
  /** Of requests that are no upgrades. Default `'1.1'`. */
  readonly version?: '1.0' | '1.1'
}

/** A subscriber that was not let in: the answer to its request, or the code that its session was refused with. */
export class ReaderRefused extends Error {
  readonly code: number
  readonly headers: ReadonlyMap<string, string>

  constructor(code: number, headers: ReadonlyMap<string, string> = new Map(), text = '') {
    super(`Refused with ${code}: ${text}`)
    this.code = code
    this.headers = headers
  }
}

/** A subscriber over one connection. It keeps what it was told; to come back is for whoever opened it. */
export abstract class WireReader {
  readonly told: Told[] = []
  /** Hears of each thing as it comes. Default: nobody does. */
  heard: (told: Told) => void = () => {}
  /** The headers of the answer that let it in. */
  headers: ReadonlyMap<string, string> = new Map()
  #position: WirePosition | undefined
  #end: ReaderEnd | undefined
  #comeBackMs: number | undefined
  readonly #waiting = new Set<() => void>()

  constructor({ after }: ReaderOptions) {
    this.#position = after
  }

  /** From where to resume. */
  get position(): WirePosition | undefined {
    return this.#position
  }

  /** How it ended; nothing while it has not. */
  get end(): ReaderEnd | undefined {
    return this.#end
  }

  /** Resolves when it was told something, or has ended. */
  changed(): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
    })
  }

  /** Reads nothing any more. */
  abstract stall(): void

  /** Reads again. */
  abstract goOn(): void

  /** Is gone, as after a crash. */
  abstract cut(): void

  /** Bytes that its connections carried, both ways. */
  abstract get bytes(): { readonly received: number; readonly sent: number }

  protected tell(told: Told): void {
    this.told.push(told)
    if ('position' in told && told.position !== undefined) this.#position = told.position
    this.heard(told)
    this.#wake()
  }

  /** Where it stands now, told or not. */
  protected stand(position: WirePosition | undefined): void {
    if (position !== undefined) this.#position = position
  }

  /** The server said when to come back. */
  protected advise(comeBackMs: number): void {
    this.#comeBackMs = comeBackMs
  }

  protected finish(end: ReaderEnd): void {
    if (this.#end !== undefined) return
    this.#end = this.#comeBackMs === undefined ? end : { comeBackMs: this.#comeBackMs, ...end }
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}

/** A position as channels' URLs have it. */
export function writePosition({ epoch, offset }: WirePosition): string {
  return `${epoch}:${offset}`
}

/** The position that `EPOCH:OFFSET` says. */
export function readPosition(text: string): WirePosition {
  const colon = text.lastIndexOf(':')
  return { epoch: text.slice(0, colon), offset: Number(text.slice(colon + 1)) }
}

/** The path of a channel, with what the subscriber's URL says besides. */
export function pathOf({ channel, query = {} }: ReaderOptions, more: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams({ ...query, ...more }).toString()
  return `/channel/${encodeURIComponent(channel)}${parameters === '' ? '' : `?${parameters}`}`
}
