/** One measurement: subscribers over one transport, and how much comes. */
export interface TransportSpec {
  readonly transport: string
  readonly subscribers: number
  /** Publications a second. */
  readonly rate: number
  /** Publications before the measured ones, at 100 a second (count): a server's code is compiled as it runs. */
  readonly warmUp: number
  readonly secs: number
  /** How often polls that do not wait ask, in milliseconds. */
  readonly pollIntervalMs: number
}

/** What it came to. */
export interface TransportFigures {
  /** Deliveries in the measured window (count). */
  readonly delivered: number
  /** CPU time of the server for each delivery, in µs. */
  readonly cpuUs: number
  /** The share of a core that the clients took, 0 to 1. */
  readonly clientsShare: number
  /** Bytes for each delivery, heads and frames included, as the sockets count them. */
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** What was told twice, out of order or not at all. */
  readonly faults: readonly string[]
}
