const INITIAL_DEPTH = 64

/** Blocks around the current instruction as parallel arrays, so that entering one allocates nothing. */
export class FrameStack {
  depth = 0
  /** opcode that opened the block, or the last `else` or `catch` in it */
  opcode: Int32Array = new Int32Array(INITIAL_DEPTH)
  /** position of the block among all blocks of the module, in file order */
  label: Int32Array = new Int32Array(INITIAL_DEPTH)
  /** operands below the block's parameters */
  height: Int32Array = new Int32Array(INITIAL_DEPTH)
  blockType: Int32Array = new Int32Array(INITIAL_DEPTH)
  /** locals without null that were set before the block */
  localsSet: Int32Array = new Int32Array(INITIAL_DEPTH)
  /** 1 if what follows the enclosed block cannot be reached */
  isUnreachable: Int32Array = new Int32Array(INITIAL_DEPTH)
  /** the last `br_table` that had this block as a target */
  branchTable: Int32Array = new Int32Array(INITIAL_DEPTH)

  /** Enters a block. */
  push(opcode: number, label: number, height: number, blockType: number, localsSet: number): void {
    const top = this.depth++
    if (top >= this.opcode.length) this.#grow()
    this.opcode[top] = opcode
    this.label[top] = label
    this.height[top] = height
    this.blockType[top] = blockType
    this.localsSet[top] = localsSet
    this.isUnreachable[top] = 0
    this.branchTable[top] = 0
  }

  #grow(): void {
    const larger = (array: Int32Array): Int32Array => {
      const copy = new Int32Array(array.length * 2)
      copy.set(array)
      return copy
    }
    this.opcode = larger(this.opcode)
    this.label = larger(this.label)
    this.height = larger(this.height)
    this.blockType = larger(this.blockType)
    this.localsSet = larger(this.localsSet)
    this.isUnreachable = larger(this.isUnreachable)
    this.branchTable = larger(this.branchTable)
  }
}
