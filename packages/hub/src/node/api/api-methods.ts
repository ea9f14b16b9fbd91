import type { ApiMethod } from './api-method.ts'
import { channelMethods } from './methods/of-channels.ts'
import { clusterMethods } from './methods/of-cluster.ts'
import { sessionMethods } from './methods/of-sessions.ts'
import { publishingMethods } from './methods/publishing.ts'

/** All methods of the API but `batch`, by name. */
export const API_METHODS: ReadonlyMap<string, ApiMethod> = new Map(
  [publishingMethods, sessionMethods, channelMethods, clusterMethods].flatMap((methods) => Object.entries(methods)),
)
