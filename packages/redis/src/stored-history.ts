import { createPublication, findGap, type History, type HistoryStart } from '@wigwag/hub'
import type { StreamReading } from './scripts.ts'
import { decodeStoredData } from './stored-data.ts'

/** What Redis answered, as a history. */
export function historyOf(
  channel: string,
  from: HistoryStart | undefined,
  isReverse: boolean,
  { mark, oldest, entries }: StreamReading,
): History {
  const position = { epoch: mark.epoch, offset: mark.offset }
  const publications = entries.map(({ offset, time, data }) => {
    const stored = decodeStoredData(data)
    return createPublication(channel, stored.data, time, { epoch: mark.epoch, offset }, stored)
  })
  const gap = typeof from === 'object' ? findGap({ from, isReverse, position, oldest }) : undefined
  return { position, publications, gap }
}
