import type { Position, PublicationData } from '../index.ts'
import { assertKept, assertSame, ContractBreach } from './contract-assertions.ts'

/** What a subscriber was told, in the terms that all transports share. JSON is told as its text. */
export type TransportTold =
  | { readonly kind: 'publication'; readonly data: string | Uint8Array; readonly position: Position | undefined }
  /** Something cannot be recovered; `'untold'` where the transport does not say why. */
  | { readonly kind: 'gap'; readonly reason: string }
  /** Recovery is done: up to here nothing is missing but what was told to be. */
  | { readonly kind: 'standing'; readonly position: Position | undefined }
  | { readonly kind: 'keepalive' }

/** How a subscriber's connection ended. */
export interface TransportEnd {
  /** A close code, a disconnect code or an HTTP status, where the server said one. */
  readonly code?: number
}

/** A subscriber over one connection of a transport, or over one chain of polls. It does not come back by itself. */
export interface TransportReader {
  /** All that it was told, in order. */
  readonly told: readonly TransportTold[]
  /** From where to resume. */
  readonly position: Position | undefined
  /** How it ended; nothing while it has not. */
  readonly end: TransportEnd | undefined
  /** Resolves when it was told something, or has ended. */
  changed(): Promise<void>
  /** Reads nothing any more, connection open. */
  stall(): void
  /** Reads again. */
  goOn(): void
  /** Is gone, as after a crash. */
  cut(): void
}

/** A transport under test, on a hub that nobody else uses. */
export interface TransportSubject {
  /** Whether subscribers are told where they stand. Where not, delivery is at most once. */
  readonly tellsPositions: boolean
  /** What comes behind a gap: what history still holds, what is published from then on, or nothing as the connection ends. */
  readonly afterGap: 'held' | 'live' | 'end'
  /** Whether it finds nothing in a channel without history. */
  readonly needsHistory: boolean
  /** Whether it asks for each answer: then a reader that stalls has one, and no more is kept for it. */
  readonly isAsked: boolean
  /** Comes in. Resolves when it was let in; where there is no `after` it begins with what is published from then on. */
  open(channel: string, after?: Position): Promise<TransportReader>
  /** Publishes; resolves when it is stored, with its position where there is one. */
  publish(channel: string, data: PublicationData): Promise<Position | undefined>
  /** Lets go of a channel's history. */
  removeHistory(channel: string): Promise<void>
  /** How many subscriptions the hub has. */
  subscriptions(): number
  /** How many readers were found too slow: what came for them was refused, or their connections ended. */
  slowReaders(): number
  /** Resolves when something else may have happened. */
  turn(): Promise<void>
  /** Has everybody leave. Resolves when they have left. */
  drain(): Promise<void>
}

/** What a subject is made with. */
export interface TransportSubjectOptions {
  /** Most publications retained in each channel (count). */
  readonly historySize: number
  /** Most bytes that wait for a reader that is slow. */
  readonly maxQueuedBytes: number
  /** Silence after which something is sent to show that the connection lives, in milliseconds. */
  readonly keepaliveMs: number
}

/** Makes a subject. */
export type TransportFactory = (options: TransportSubjectOptions) => Promise<TransportSubject>

/** A promise, as it is written down. */
export interface TransportContractEntry {
  readonly name: string
  readonly options?: Partial<TransportSubjectOptions>
  check(subject: TransportSubject): Promise<void>
}

/** Publications as data, in order. */
export function dataTold(told: readonly TransportTold[]): (string | Uint8Array)[] {
  return told.flatMap((each) => (each.kind === 'publication' ? [each.data] : []))
}

/** Why there are gaps, in order. */
export function gapsTold(told: readonly TransportTold[]): string[] {
  return told.flatMap((each) => (each.kind === 'gap' ? [each.reason] : []))
}

/** Resolves when something is true of a reader, which it was promised. Throws when its connection ends before. */
export async function untilTrue(reader: TransportReader, isTrue: () => boolean, promise: string): Promise<void> {
  while (!isTrue()) {
    if (reader.end !== undefined) throw new ContractBreach(`${promise}: its connection ended with ${reader.end.code}`)
    await reader.changed()
  }
}

/** Resolves when a reader was told this publication. Throws when it ends before. */
export async function untilTold(reader: TransportReader, data: string): Promise<void> {
  const isTold = (): boolean => dataTold(reader.told).includes(data)
  await untilTrue(reader, isTold, `a subscriber is told ${JSON.stringify(data.slice(0, 50))}`)
}

/** Resolves with where a reader stands. */
export async function untilPlaced(reader: TransportReader): Promise<Position> {
  await untilTrue(reader, () => reader.position !== undefined, 'a subscriber is told where it stands')
  return placed(reader.position)
}

/** Resolves when a reader's connection has ended. */
export async function untilEnded(reader: TransportReader): Promise<TransportEnd> {
  while (reader.end === undefined) await reader.changed()
  return reader.end
}

/** Resolves when the hub has so many subscriptions. */
export async function untilSubscriptions(subject: TransportSubject, count: number): Promise<void> {
  while (subject.subscriptions() !== count) await subject.turn()
}

/** Publishes, one after the other; resolves with the positions. */
export async function publishAll(
  subject: TransportSubject,
  channel: string,
  data: readonly PublicationData[],
): Promise<(Position | undefined)[]> {
  const positions: (Position | undefined)[] = []
  for (const each of data) positions.push(await subject.publish(channel, each))
  return positions
}

/** A publication's position, which it must have. */
export function placed(position: Position | undefined): Position {
  if (position === undefined) throw new ContractBreach('a publication in a channel with history has a position')
  return position
}

/** `PREFIX 0`, `PREFIX 1` and so on. */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`)
}

/** Holds what a reader was told, up to a last publication that is waited for, against what it must be. */
export async function assertTold(
  reader: TransportReader,
  expected: readonly (string | Uint8Array)[],
  promise: string,
): Promise<void> {
  await untilTold(reader, String(expected.at(-1)))
  assertSame(dataTold(reader.told), expected, promise)
}

/** Holds the positions that a reader was told against those that publishers were. */
export function assertPositions(
  subject: TransportSubject,
  reader: TransportReader,
  expected: readonly (Position | undefined)[],
): void {
  if (!subject.tellsPositions) return
  const positions = reader.told.flatMap((each) => (each.kind === 'publication' ? [each.position] : []))
  assertSame(positions, expected, 'each publication has the position that its publisher was told')
  assertKept(reader.position !== undefined, 'a subscriber knows where to resume')
}
