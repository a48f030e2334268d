/** Port on which `bls up` answers if nothing else is said. */
export const GATEWAY_PORT = 8380

/** Where `bls up` answers if nothing else is said. */
export const GATEWAY_URL: string = `http://localhost:${GATEWAY_PORT}`

/** The folder in which `bls up` keeps its state, below the folder where it was started. */
export const STATE_FOLDER = '.bls'

/** Bytes of `bls.toml`; people write them by hand. */
export const TOML_SIZE_MAX = 65_536

/** Bytes of a compiled module, as the network takes. */
export const MODULE_SIZE_MAX = 67_108_864

/** Bytes of a receipt, a draw or an input that is read from a file. */
export const DOCUMENT_SIZE_MAX = 16_777_216

/** Bytes of a compiler's output that are kept, the last ones: the error stands at the end. */
export const BUILD_OUTPUT_SIZE_MAX = 65_536

/** Milliseconds that a build command has to end by itself once it is told to. */
export const BUILD_KILL_MS = 2_000
