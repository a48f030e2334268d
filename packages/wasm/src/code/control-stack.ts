const INITIAL_DEPTH = 64

/** Enclosing blocks of one function as parallel arrays, so that entering one allocates nothing. */
export class ControlStack {
  depth = 0
  /** opcode that opened the block, or the last `else` or `catch` in it */
  opcode: Uint8Array = new Uint8Array(INITIAL_DEPTH)
  /** position of the block among all blocks of the module, in file order */
  label: Uint32Array = new Uint32Array(INITIAL_DEPTH)
  /** two numbers that the owner of the stack keeps for each block */
  first: Int32Array = new Int32Array(INITIAL_DEPTH)
  second: Int32Array = new Int32Array(INITIAL_DEPTH)

  /** Enters a block and returns its position. */
  push(opcode: number, label: number, first: number, second: number): number {
    const top = this.depth++
    if (top >= this.opcode.length) this.#grow()
    this.opcode[top] = opcode
    this.label[top] = label
    this.first[top] = first
    this.second[top] = second
    return top
  }

  #grow(): void {
    const size = this.opcode.length * 2
    const opcode = new Uint8Array(size)
    const label = new Uint32Array(size)
    const first = new Int32Array(size)
    const second = new Int32Array(size)
    opcode.set(this.opcode)
    label.set(this.label)
    first.set(this.first)
    second.set(this.second)
    this.opcode = opcode
    this.label = label
    this.first = first
    this.second = second
  }
}
