// Asks half a second after the last answer: there is never more than one on its way, so they stay in order.
export async function pollByTimeout(get, show) {
  const answer = await get('/channel/ticks').catch(() => undefined)
  if (answer?.status === 200) show(await answer.json())
  setTimeout(pollByTimeout, 500, get, show)
}
