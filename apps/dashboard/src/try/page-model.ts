import { computed, effect, signal } from '@preact/signals'
import { describePhase } from '../hub/connection-view.ts'
import { hubClient } from '../hub/hub-client.ts'
import { addressWithChannel, channelInAddress, checkChannel } from './channel-address.ts'
import { ChannelSubscription } from './channel-subscription.ts'

const DEFAULT_CHANNEL = 'foo'

export const subscription: ChannelSubscription = new ChannelSubscription(hubClient())

const addressed = channelInAddress(location.href)

/** What stands in the channel field. */
export const typedChannel = signal(addressed ?? DEFAULT_CHANNEL)
export const channelProblem = signal('')

/** The channel that the rest of the page is about: the connected one, or while closed the one typed. */
export const channel = computed(() => {
  const connected = subscription.channel.value
  return subscription.state.value.phase === 'closed' || connected === undefined ? typedChannel.value.trim() : connected
})

/** Connects to the channel typed; the page's address then names it. */
export function connectToTyped(): void {
  const name = typedChannel.value.trim()
  channelProblem.value = checkChannel(name) ?? ''
  if (channelProblem.value !== '') return
  typedChannel.value = name
  if (channelInAddress(location.href) !== name) history.pushState(null, '', addressWithChannel(location.href, name))
  subscription.connect(name)
}

window.addEventListener('popstate', () => {
  typedChannel.value = channelInAddress(location.href) ?? DEFAULT_CHANNEL
  channelProblem.value = ''
  if (subscription.state.value.phase !== 'closed') connectToTyped()
})

effect(() => {
  const phase = describePhase(subscription.state.value)
  document.title = channel.value === '' ? 'Wigwag' : `${phase} · ${channel.value} · Wigwag`
})

// An address that names a channel is a wish to see that channel.
if (addressed !== undefined) connectToTyped()
