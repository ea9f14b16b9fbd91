// Asks at once, and the server answers when there is something: everything since the second that is known.
export async function longPoll(get, show) {
  for (let timestamp = ''; ; ) {
    const answer = await get(`/channel/ticks?wait=45&timestamp=${timestamp}`).catch(() => undefined)
    if (answer === undefined || answer.status >= 400) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      continue
    }
    const known = answer.headers.get('Last-Modified')
    if (known !== null) timestamp = Date.parse(known) / 1000
    if (answer.status === 200) for (const { data } of await answer.json()) show(data)
  }
}
