// Asks once. The browser comes back by itself, and goes on where it was cut.
export function listen(show) {
  const ticks = new EventSource('/channel/ticks')
  ticks.addEventListener('tick', ({ data }) => show(JSON.parse(data)))
}
