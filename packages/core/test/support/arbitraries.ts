import {
  type Agreement,
  agreementSchema,
  cidOfCanonical,
  EXIT_KINDS,
  type ExecutionInput,
  type ExecutionRequest,
  type Exit,
  executionInputSchema,
  executionRequestSchema,
  exitSchema,
  type Limits,
  limitsSchema,
  type Manifest,
  manifestSchema,
  type Network,
  type NodeId,
  networkSchema,
  protocolLimits,
  type Receipt,
  type ResultStatement,
  receiptSchema,
  resultStatementSchema,
  type Schema,
  type Subnet,
  subnetSchema,
  type Vote,
  voteSchema,
} from '@blockless/core'
import fc from 'fast-check'
import { signers } from './sample.ts'

const { FUEL_MAX, MEMORY_SIZE_MAX, OUTPUT_SIZE_MAX, DEADLINE_MS_MAX, PAGE_SIZE } = protocolLimits

export const bytesOf = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size })
/** Any text that is Unicode: every plane, no half pairs, no byte order mark in front. */
const textOf = (lengthMax: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'binary', maxLength: Math.min(lengthMax, 12) })
    .filter((text) => text.length <= lengthMax && !text.startsWith('\ufeff'))
const plainText = textOf(20).map((text) => text.replaceAll('\0', ''))
const envName = textOf(10).map((text) => `N${text.replaceAll(/[=\0]/g, '')}`)
const cidArbitrary = fc.uint8Array({ maxLength: 4 }).map((bytes) => cidOfCanonical(bytes))
const nodeIdArbitrary: fc.Arbitrary<NodeId> = fc.constantFrom(...signers.map(({ nodeId }) => nodeId))
const chainIdArbitrary = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/)
const timeArbitrary = fc.integer({ min: 0, max: 8_640_000_000_000_000 })
const dictionaryOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .array(fc.tuple(fc.oneof(envName, fc.constantFrom('__proto__', 'constructor', 'toString')), value), {
      maxLength: 4,
    })
    .map((entries) => Object.fromEntries(entries))
/** A field that is there or not, as in `{}` or `{ name: value }`. */
const maybe = <K extends string, T>(name: K, value: fc.Arbitrary<T>): fc.Arbitrary<{ [P in K]?: T }> =>
  fc
    .option(value, { nil: undefined })
    .map((found) => (found === undefined ? {} : ({ [name]: found } as { [P in K]?: T })))

const agreementArbitrary: fc.Arbitrary<Agreement> = fc.integer({ min: 1, max: 64 }).chain((nodes) =>
  fc.record({
    kind: nodes === 1 ? fc.constantFrom('direct' as const, 'aggregate' as const) : fc.constant('aggregate' as const),
    nodes: fc.constant(nodes),
    threshold: fc.integer({ min: Math.floor(nodes / 2) + 1, max: nodes }),
  }),
)

const limitsArbitrary: fc.Arbitrary<Limits> = fc.record({
  fuel: fc.integer({ min: 1, max: FUEL_MAX }),
  memoryBytes: fc.integer({ min: PAGE_SIZE, max: MEMORY_SIZE_MAX }),
  outputBytes: fc.integer({ min: 0, max: OUTPUT_SIZE_MAX }),
  deadlineMs: fc.integer({ min: 1, max: DEADLINE_MS_MAX }),
})

export const inputArbitrary: fc.Arbitrary<ExecutionInput> = fc.record({
  args: fc.array(plainText, { maxLength: 4 }),
  env: dictionaryOf(plainText),
  stdin: fc.uint8Array({ maxLength: 40 }),
})

export const requestArbitrary: fc.Arbitrary<ExecutionRequest> = fc.record({
  version: fc.constant(1 as const),
  chainId: chainIdArbitrary,
  functionCid: cidArbitrary,
  entry: textOf(20),
  inputHash: bytesOf(32),
  limits: limitsArbitrary,
  permissions: fc.array(textOf(20), { maxLength: 3 }),
  agreement: agreementArbitrary,
  timestampMs: timeArbitrary,
  nonce: bytesOf(16),
})

const exitArbitrary: fc.Arbitrary<Exit> = fc.oneof(
  fc.record({ kind: fc.constant('exit' as const), code: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constantFrom(...EXIT_KINDS), code: fc.constant(0) }),
)

const resultArbitrary: fc.Arbitrary<ResultStatement> = fc
  .tuple(
    fc.record({ exit: exitArbitrary, outputHash: bytesOf(32), stderrHash: bytesOf(32) }),
    maybe('fuel', fc.integer({ min: 0, max: FUEL_MAX })),
  )
  .map(([statement, fuel]) => ({ ...statement, ...fuel }))

const voteArbitrary: fc.Arbitrary<Vote> = fc.record({
  node: nodeIdArbitrary,
  resultHash: bytesOf(32),
  fuel: fc.integer({ min: 0, max: FUEL_MAX }),
  transcriptHash: bytesOf(32),
  signature: bytesOf(65),
})

const subnetArbitrary: fc.Arbitrary<Subnet> = fc.record({
  version: fc.constant(1 as const),
  chainId: chainIdArbitrary,
  functionCid: cidArbitrary,
  epoch: fc.maxSafeNat(),
  beacon: bytesOf(32),
  size: fc.integer({ min: 1, max: 64 }),
  candidates: fc.array(
    fc.record({ node: nodeIdArbitrary, weight: fc.integer({ min: 1, max: 0xffff_ffff }), signature: bytesOf(65) }),
    { maxLength: 3 },
  ),
  order: fc.array(nodeIdArbitrary, { maxLength: 3 }),
})

const networkArbitrary: fc.Arbitrary<Network> = fc.record({
  version: fc.constant(1 as const),
  chainId: chainIdArbitrary,
  genesisTimeMs: timeArbitrary,
  epochMs: fc.integer({ min: 1_000, max: 31_536_000_000 }),
  heads: fc.array(nodeIdArbitrary, { maxLength: 2 }),
  workers: fc.array(nodeIdArbitrary, { maxLength: 3 }),
})

const receiptArbitrary: fc.Arbitrary<Receipt> = fc.record({
  version: fc.constant(1 as const),
  requestId: bytesOf(32),
  request: requestArbitrary,
  result: resultArbitrary,
  fuelUsed: fc.integer({ min: 0, max: FUEL_MAX }),
  epoch: fc.maxSafeNat(),
  subnet: fc.record({ cid: cidArbitrary, members: fc.array(nodeIdArbitrary, { maxLength: 4 }) }),
  votes: fc.array(voteArbitrary, { maxLength: 4 }),
  replaced: fc.array(fc.record({ node: nodeIdArbitrary, reason: fc.stringMatching(/^ERR_[A-Z0-9_]{1,20}$/) }), {
    maxLength: 2,
  }),
  head: nodeIdArbitrary,
  signature: bytesOf(65),
})

const manifestArbitrary: fc.Arbitrary<Manifest> = fc
  .tuple(
    fc.record({
      version: fc.constant(1 as const),
      name: fc.stringMatching(/^[a-z0-9]{1,10}$/),
      modules: fc.array(
        fc.record({
          file: fc.constantFrom('a.wasm', 'build/a.wasm', '..a', 'a..b/c'),
          name: textOf(10),
          type: fc.constantFrom('entry' as const, 'module' as const),
        }),
        { maxLength: 2 },
      ),
    }),
    maybe('description', textOf(20)),
    maybe('contentType', fc.constantFrom('text' as const, 'html' as const, 'json' as const)),
    maybe('agreement', agreementArbitrary),
    maybe('limits', limitsArbitrary),
    maybe('env', dictionaryOf(textOf(20))),
    maybe('http', fc.boolean()),
    maybe('runtime', fc.record({ url: textOf(20), checksum: textOf(20) })),
  )
  .map((parts) => Object.assign({}, ...parts) as Manifest)

/** A schema with values that fit it; erased to one type, so that tests loop over all. */
export interface SchemaCase {
  readonly name: string
  readonly schema: Schema<unknown>
  readonly values: fc.Arbitrary<unknown>
}

const caseOf = <T>(name: string, schema: Schema<T>, values: fc.Arbitrary<T>): SchemaCase => ({
  name,
  schema: schema as Schema<unknown>,
  values,
})

/** Every schema of a model. */
export const schemaCases: readonly SchemaCase[] = [
  caseOf('agreementSchema', agreementSchema, agreementArbitrary),
  caseOf('executionInputSchema', executionInputSchema, inputArbitrary),
  caseOf('executionRequestSchema', executionRequestSchema, requestArbitrary),
  caseOf('exitSchema', exitSchema, exitArbitrary),
  caseOf('limitsSchema', limitsSchema, limitsArbitrary),
  caseOf('manifestSchema', manifestSchema, manifestArbitrary),
  caseOf('networkSchema', networkSchema, networkArbitrary),
  caseOf('receiptSchema', receiptSchema, receiptArbitrary),
  caseOf('resultStatementSchema', resultStatementSchema, resultArbitrary),
  caseOf('subnetSchema', subnetSchema, subnetArbitrary),
  caseOf('voteSchema', voteSchema, voteArbitrary),
]
