import { useEffect, useState } from 'preact/hooks'

/** The pace at which what happens can be listened to, in milliseconds. */
const ANNOUNCE_EVERY_MS = 2_000

export interface AnnouncerProps {
  /** How much there has been to tell so far (count). */
  readonly count: number
  /** What to say of so many new ones, the newest of which is there now. */
  readonly describe: (fresh: number) => string
}

/** Says what arrived to those who hear the page, at a pace that can be listened to. */
export function Announcer({ count, describe }: AnnouncerProps) {
  const [said, setSaid] = useState({ count: 0, text: '' })
  useEffect(() => {
    if (count <= said.count) {
      if (count < said.count) setSaid({ count, text: '' })
      return
    }
    const say = (): void => setSaid({ count, text: describe(count - said.count) })
    const timer = setTimeout(say, said.text === '' ? 0 : ANNOUNCE_EVERY_MS)
    return () => clearTimeout(timer)
  }, [count, describe, said])
  return (
    <p class="heard" aria-live="polite">
      {said.text}
    </p>
  )
}
