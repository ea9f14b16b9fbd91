import { createHub } from '@wigwag/hub/node'
import { serveHub } from './serve-hub.ts'

serveHub(createHub())
