/** A module whose only function, exported as `t`, is `unreachable`. */
const TRAPPING = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07,
  0x05, 0x01, 0x01, 0x74, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b,
])

/**
 * The error of a real trap. Thrown into a guest it unwinds the stack to its end, as no handler of a guest catches a trap;
 * an error that JavaScript makes does not have that mark.
 */
export function createTrap(): unknown {
  const trap = new WebAssembly.Instance(new WebAssembly.Module(TRAPPING)).exports['t'] as () => void
  try {
    trap()
  } catch (error) {
    return error
  }
  throw new Error('Cannot create trap: the engine ran "unreachable"')
}
