import type { TargetedEvent, TargetedKeyboardEvent, TargetedSubmitEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { channelUrl, checkChannel } from './channel-address.ts'
import { channel, subscription } from './page-model.ts'
import { checkData, type DataKind, publish } from './publish.ts'

type Outcome =
  | { readonly type: 'none' }
  | { readonly type: 'sending' }
  | { readonly type: 'published'; readonly text: string }
  | { readonly type: 'problem'; readonly text: string }

const KINDS: readonly { readonly kind: DataKind; readonly label: string }[] = [
  { kind: 'text', label: 'Text' },
  { kind: 'json', label: 'JSON' },
]

/** Publishes to the channel of the page, connected or not. */
export function PublishForm() {
  const field = useRef<HTMLTextAreaElement>(null)
  const [kind, setKind] = useState<DataKind>('text')
  const [text, setText] = useState('')
  const [outcome, setOutcome] = useState<Outcome>({ type: 'none' })

  const send = async (): Promise<void> => {
    if (outcome.type === 'sending') return
    const target = channel.value
    const problem = checkChannel(target) ?? checkData(kind, text)
    if (problem !== undefined) {
      setOutcome({ type: 'problem', text: problem })
      field.current?.focus()
      return
    }
    setOutcome({ type: 'sending' })
    const result = await publish(channelUrl(location.href, target), kind, text)
    if (!result.ok) return setOutcome({ type: 'problem', text: result.problem })
    // What was typed while it was on its way stays.
    setText((now) => (now === text ? '' : now))
    setOutcome({ type: 'published', text: describePublished(target, result.offset) })
  }
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    void send()
  }
  const pressKey = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    void send()
  }
  const forget = (): void => setOutcome((now) => (now.type === 'problem' ? { type: 'none' } : now))

  return (
    <section class="publish" aria-labelledby="publish-title">
      <h2 id="publish-title">
        Publish to <span class="name">{channel.value || '…'}</span>
      </h2>
      <form onSubmit={submit} noValidate>
        <div class="field">
          <label for="message">Message</label>
          <textarea
            ref={field}
            id="message"
            name="message"
            rows={3}
            class={kind === 'json' ? 'code' : undefined}
            spellcheck={kind === 'text'}
            value={text}
            onInput={(event: TargetedEvent<HTMLTextAreaElement>) => {
              setText(event.currentTarget.value)
              forget()
            }}
            onKeyDown={pressKey}
            aria-invalid={outcome.type === 'problem'}
            aria-describedby="message-hint message-problem"
          />
          <p id="message-hint" class="hint">
            <kbd>Enter</kbd> publishes, <kbd>Shift</kbd> <kbd>Enter</kbd> starts a new line.
          </p>
        </div>
        <div class="actions">
          <fieldset class="kinds">
            <legend>Send as</legend>
            {KINDS.map((one) => (
              <label key={one.kind}>
                <input
                  type="radio"
                  name="kind"
                  value={one.kind}
                  checked={kind === one.kind}
                  onChange={() => {
                    setKind(one.kind)
                    forget()
                  }}
                />
                <span>{one.label}</span>
              </label>
            ))}
          </fieldset>
          <button type="submit" class="primary" aria-disabled={outcome.type === 'sending'}>
            Publish
          </button>
        </div>
        <p id="message-problem" class="problem" role="alert">
          {outcome.type === 'problem' && outcome.text}
        </p>
        <p class="done" role="status" aria-label="Publish result">
          {outcome.type === 'published' && outcome.text}
        </p>
      </form>
    </section>
  )
}

function describePublished(target: string, offset: number | undefined): string {
  const done = offset === undefined ? `Published to ${target}.` : `Published to ${target} at offset ${offset}.`
  return subscription.state.value.phase === 'closed' ? `${done} Connect to see what is published.` : done
}
