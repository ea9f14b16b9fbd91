import type { Gap, History, HistoryStart } from '@wigwag/hub'
import type { StoredEntry, StreamMark } from './scripts.ts'
import { decodeStoredData } from './stored-data.ts'

/** History where none is kept. */
export function noHistory(from: HistoryStart | undefined): History {
  const gap: Gap | undefined =
    from === undefined || from === 'latest' ? undefined : { reason: 'no-history', after: from, position: undefined }
  return { position: undefined, publications: [], gap }
}

/** What Redis answered, without what has expired: `entries` come oldest first, and those before `expiredMs` are over. */
export function historyOf(
  channel: string,
  from: HistoryStart | undefined,
  { epoch, offset }: StreamMark,
  entries: readonly StoredEntry[],
  expiredMs: number,
): History {
  const position = { epoch, offset }
  // Only from the front, as the stream is trimmed: where clocks differ, times need not increase, and nothing may be
  // missing in between.
  const oldest = entries.findIndex(({ time }) => time > expiredMs)
  const retained = oldest < 0 ? [] : entries.slice(oldest)
  const publications = retained.map((entry) => ({
    channel,
    data: decodeStoredData(entry.data),
    time: entry.time,
    position: { epoch, offset: entry.offset },
  }))
  if (from === undefined || from === 'latest') return { position, publications, gap: undefined }
  // An offset ahead of the stream was never given out by it.
  if (from.epoch !== epoch || from.offset > offset) {
    return { position, publications, gap: { reason: 'epoch-changed', after: from, position } }
  }
  const oldestOffset = retained[0]?.offset ?? offset + 1
  const gap: Gap | undefined =
    oldestOffset > from.offset + 1 ? { reason: 'history-expired', after: from, position } : undefined
  return { position, publications, gap }
}
