/** What a hub counted since it was made. */
export interface HubStats {
  /** Channels that somebody here is subscribed to. */
  readonly channels: number
  /** Subscriptions in them. */
  readonly subscriptions: number
  /** Publications accepted from here. */
  readonly published: number
  /** Deliveries to subscriptions here. */
  readonly delivered: number
  /** Sessions here. */
  readonly sessions: number
}
