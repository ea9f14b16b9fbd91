import { Announcer } from '../../../shared/src/announcer.tsx'
import type { ConnectionView } from '../hub/connection-view.ts'
import { describeNotice, isLoss } from './notice.ts'
import { channel, subscription } from './page-model.ts'
import { describeCount, MAX_ROWS, type Row } from './publication-list.ts'
import { PublicationRow } from './publication-row.tsx'

/** What arrived, newest first. */
export function PublicationSection() {
  const list = subscription.list.value
  return (
    <section class="publications" aria-labelledby="publications-title">
      <div class="heading">
        <h2 id="publications-title">Publications</h2>
        <p class="count" data-testid="count">
          {describeCount(list)}
        </p>
        <button
          type="button"
          class="quiet"
          aria-label="Clear publications"
          aria-disabled={list.rows.length === 0}
          onClick={() => subscription.clear()}
        >
          Clear
        </button>
      </div>
      <p class="problem" role="alert">
        {subscription.problem.value}
      </p>
      {list.rows.length === 0 ? (
        <p class="empty">{describeEmpty(subscription.state.value, channel.value)}</p>
      ) : (
        <ol class="rows" reversed aria-labelledby="publications-title">
          {list.rows.map((row) =>
            row.type === 'publication' ? (
              <PublicationRow key={row.key} publication={row.publication} recovered={row.recovered} />
            ) : (
              <li key={row.key} class={isLoss(row.notice) ? 'notice loss' : 'notice'} data-notice={row.notice.type}>
                <p>{describeNotice(row.notice)}</p>
              </li>
            ),
          )}
        </ol>
      )}
      {list.rows.length === MAX_ROWS && (
        <p class="hint">This page keeps the last {MAX_ROWS} rows; older ones are gone from it.</p>
      )}
      <Announcer count={list.received} describe={(fresh) => describeArrivals(fresh, list.rows[0])} />
    </section>
  )
}

function describeArrivals(count: number, newest: Row | undefined): string {
  const arrived = `${count} new publication${count === 1 ? '' : 's'}`
  if (newest?.type !== 'publication') return `${arrived}.`
  return `${arrived}: ${newest.publication.text.slice(0, 200)}`
}

function describeEmpty({ phase }: ConnectionView, name: string): string {
  switch (phase) {
    case 'open':
      return `Nothing yet. Publish something, or open this page in a second tab and publish there.`
    case 'closed':
      return name === ''
        ? 'Type the name of a channel, then press Connect.'
        : `Press Connect to see what is published to ${name}.`
    case 'connecting':
    case 'waiting':
      return 'Publications appear here once the connection is open.'
  }
}
