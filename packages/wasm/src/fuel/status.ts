/**
 * Values of the status global: the low byte says why the run was stopped, the flags above it are facts that the host may
 * need to explain it. They are part of the contract with the runtime.
 */
export const STATUS = {
  /** nothing stopped the run; if it trapped, only the precise rewriting knows the fuel exactly */
  NONE: 0,
  OUT_OF_FUEL: 1,
  CALL_DEPTH: 2,
  /** the guest ran `unreachable`; the fuel in the global is exact */
  UNREACHABLE: 3,
  /** the host could not give memory below the cap; the run says nothing about the guest */
  HOST_MEMORY: 4,
  REASON_MASK: 0xff,
  /** a `memory.grow` was refused because of the cap, and the module itself would have allowed it */
  GROW_REFUSED: 0x100,
} as const
