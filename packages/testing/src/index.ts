export { type FakeGateway, replyJson, startFakeGateway } from './fake-gateway.ts'
export { compileWat, FIXTURES, type FixtureName, fixture, fixtureText } from './fixture.ts'
export {
  FAULTLESS,
  InMemoryNetwork,
  type InMemoryNetworkComponents,
  type NetworkCounts,
  type NetworkFaults,
  type Receive,
} from './in-memory-network.ts'
export { ManualClock } from './manual-clock.ts'
export { RecordingLogger } from './recording-logger.ts'
export { type Sample, sampleReceipt } from './samples/sample-receipt.ts'
export { sampleStory } from './samples/sample-story.ts'
export { SeededRandom, simulationSeeds } from './seeded-random.ts'
export { SeededScheduler } from './seeded-scheduler.ts'
export { testNetwork, testSigner } from './test-keys.ts'
