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
export { SeededRandom, simulationSeeds } from './seeded-random.ts'
export { SeededScheduler } from './seeded-scheduler.ts'
export { testNetwork, testSigner } from './test-keys.ts'
