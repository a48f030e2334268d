import type { FuzzTarget } from './target.ts'

/** A target for the tests of the runner: one byte, of which 7 fails, 8 throws and 9 is slow. */
export const target: FuzzTarget = {
  runs: 100,
  slowMs: 50,
  extension: '.bin',
  async create() {
    return {
      generate: (dice) => Uint8Array.of(dice.below(10)),
      check([byte]) {
        if (byte === 7) return { name: 'seven', failure: 'is 7' }
        if (byte === 8) throw new RangeError('is 8')
        const end = performance.now() + (byte === 9 ? 60 : 0)
        while (performance.now() < end);
        return { name: 'fine' }
      },
    }
  },
}
