import { useEffect, useState } from 'preact/hooks'
import type { ConnectionState } from './connection-state.ts'
import { channel, subscription } from './page-model.ts'
import { describeCount, MAX_ROWS, type Row } from './publication-list.ts'
import { PublicationRow } from './publication-row.tsx'
import { describeNotice, isLoss } from './recovery.ts'

const ANNOUNCE_EVERY_MS = 2_000

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
      <Announcer newest={list.rows[0]} received={list.received} />
    </section>
  )
}

/** Says what arrived to those who hear the page, at a pace that can be listened to. */
function Announcer({ newest, received }: { readonly newest: Row | undefined; readonly received: number }) {
  const [said, setSaid] = useState({ received: 0, text: '' })
  useEffect(() => {
    if (received <= said.received) {
      if (received < said.received) setSaid({ received, text: '' })
      return
    }
    const timer = setTimeout(
      () => setSaid({ received, text: describeArrivals(received - said.received, newest) }),
      said.text === '' ? 0 : ANNOUNCE_EVERY_MS,
    )
    return () => clearTimeout(timer)
  }, [newest, received, said])
  return (
    <p class="heard" aria-live="polite">
      {said.text}
    </p>
  )
}

function describeArrivals(count: number, newest: Row | undefined): string {
  const arrived = `${count} new publication${count === 1 ? '' : 's'}`
  if (newest?.type !== 'publication' || newest.publication.data.type === 'binary') return `${arrived}.`
  return `${arrived}: ${newest.publication.data.text.slice(0, 200)}`
}

function describeEmpty({ phase }: ConnectionState, name: string): string {
  switch (phase) {
    case 'open':
      return `Nothing yet. Publish something, or open this page in a second tab and publish there.`
    case 'closed':
      return name === ''
        ? 'Type the name of a channel, then press Connect.'
        : `Press Connect to see what is published to ${name}.`
    case 'connecting':
    case 'closing':
    case 'waiting':
      return 'Publications appear here once the connection is open.'
  }
}
