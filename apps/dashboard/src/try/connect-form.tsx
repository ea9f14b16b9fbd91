import type { TargetedEvent, TargetedSubmitEvent } from 'preact'
import { useRef } from 'preact/hooks'
import { ConnectionStatus } from './connection-status.tsx'
import { channelProblem, connectToTyped, subscription, typedChannel } from './page-model.ts'

/** Picks the channel; connects and disconnects; shows the state. */
export function ConnectForm() {
  const field = useRef<HTMLInputElement>(null)
  const { phase } = subscription.state.value
  const closed = phase === 'closed'
  const elsewhere = !closed && typedChannel.value.trim() !== subscription.channel.value

  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    // Enter in the field of a connected channel is no wish to connect anew.
    if (closed || elsewhere) connectToTyped()
    if (channelProblem.value !== '') field.current?.focus()
  }
  const disconnect = (event: Event): void => {
    // The same button is about to become "Connect", which submits: this click must not.
    event.preventDefault()
    subscription.disconnect()
  }

  return (
    <section class="connect" aria-label="Connection">
      <form onSubmit={submit} noValidate>
        <div class="field">
          <label for="channel">Channel</label>
          <input
            ref={field}
            id="channel"
            name="channel"
            type="text"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={typedChannel.value}
            onInput={(event: TargetedEvent<HTMLInputElement>) => {
              typedChannel.value = event.currentTarget.value
              channelProblem.value = ''
            }}
            aria-invalid={channelProblem.value !== ''}
            aria-describedby="channel-problem"
          />
        </div>
        {closed ? (
          <button key="toggle" type="submit" class="primary">
            Connect
          </button>
        ) : (
          <button key="toggle" type="button" onClick={disconnect}>
            Disconnect
          </button>
        )}
        {elsewhere && (
          <button type="submit" class="primary switch">
            Switch channel
          </button>
        )}
        <p id="channel-problem" class="problem" role="alert">
          {channelProblem.value}
        </p>
      </form>
      <ConnectionStatus />
    </section>
  )
}
