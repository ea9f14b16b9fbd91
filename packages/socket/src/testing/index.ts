export { ConnectionPair, openConnection, type TestConnection, type TestConnectionOptions } from './connection-pair.ts'
export {
  closePayload,
  concatBytes,
  type FrameSpec,
  frameBytes,
  type ReadFrame,
  readFrames,
  TEST_MASK,
  textBytes,
} from './frame-bytes.ts'
export { ManualClock } from './manual-clock.ts'
export { RecordingSink, type SinkEvent } from './recording-sink.ts'
