import { NUMBER } from './value-graph.ts'

/** Nodes of the operands of one function. */
export class OperandStack {
  height = 0
  /** height at which the current block starts; nothing below it can be popped */
  base = 0
  #nodes = new Uint32Array(256)

  push(node: number): void {
    if (this.height === this.#nodes.length) {
      const larger = new Uint32Array(this.height * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    this.#nodes[this.height++] = node
  }

  /** The node on top; that of a number if there is none, as in code that is not valid. */
  pop(): number {
    return this.height > this.base ? (this.#nodes[--this.height] as number) : NUMBER
  }

  /** The node `index` below the top. */
  top(index: number): number {
    return this.height - index > this.base ? (this.#nodes[this.height - 1 - index] as number) : NUMBER
  }
}
