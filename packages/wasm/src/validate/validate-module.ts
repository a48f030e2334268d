import type { CodeScan } from '../code/scan-code.ts'
import { decodeModule } from '../decode-module.ts'
import type { Module, ModuleFeatures } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { BodyState } from './body-state.ts'
import { BodyValidator } from './body-validator.ts'

/**
 * Decodes a module and validates all of it, function bodies included, as the specification says.
 *
 * @param bytes - a module in the binary format, at most 64 MiB; borrowed, not copied
 * @param features - proposals that are only run on demand
 * @returns the decoded module
 * @throws {ModuleError} `ERR_MODULE_MALFORMED`, `_INVALID`, `_FEATURE` or `_LIMIT`, with the byte and the function
 * @see https://webassembly.github.io/spec/core/valid/index.html
 * @example
 * ```ts
 * import { validateModule } from '@blockless/wasm'
 * const bytes = Uint8Array.from([
 *   0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, // one function, () -> ()
 *   10, 7, 1, 5, 0, 65, 0, 69, 11, // i32.const 0, i32.eqz
 * ])
 * assert.throws(() => validateModule(bytes), {
 *   code: 'ERR_MODULE_INVALID',
 *   message: 'Cannot validate module: at byte 26 in function 0, type mismatch: 1 more operand than the block has results',
 * })
 * ```
 */
export function validateModule(bytes: Uint8Array, features: ModuleFeatures = {}): Module {
  const module = decodeModule(bytes, features)
  validateCode(module, features)
  return module
}

/**
 * Decodes every body once: validates it, refuses what this network does not run, and gathers what the rewriting must
 * know beforehand.
 *
 * @throws {ModuleError} `ERR_MODULE_MALFORMED`, `_INVALID`, `_FEATURE` or `_LIMIT`
 */
export function validateCode(module: Module, features: ModuleFeatures): CodeScan {
  const count = module.bodies.length / 2
  const state = new BodyState(module, features)
  const validator = new BodyValidator(state)
  const scan = {
    traits: new Uint16Array(count),
    straightFuel: new Uint32Array(count),
    slots: new Uint32Array(count),
    firstLabel: new Uint32Array(count),
  }
  for (let index = 0; index < count; index++) {
    scan.firstLabel[index] = state.labelCount
    validateBody(validator, module.importedFunctionCount + index, index)
    scan.traits[index] = state.traits
    scan.straightFuel[index] = state.fuel
    scan.slots[index] = validator.slots
  }
  return { ...scan, called: state.called, marks: state.marks }
}

/** Names the function in errors of readers that know nothing of it. */
function validateBody(validator: BodyValidator, functionIndex: number, index: number): void {
  try {
    validator.validate(index)
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error
    const { details } = error
    if (details.code !== 'ERR_MODULE_INVALID' || details.functionIndex !== undefined) throw error
    throw new ModuleError({ ...details, functionIndex })
  }
}
