import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Story } from '@blockless/core'
import { sampleStory } from '@blockless/testing'
import { printStory } from '../../src/commands/explain/print-story.ts'

function told(story: Story): string {
  const chunks: string[] = []
  const sink = { isTty: false, columns: 100, write: (chunk: string | Uint8Array) => void chunks.push(String(chunk)) }
  printStory({ stdout: sink, env: {} }, story)
  return chunks.join('')
}

test('printStory() tells who was asked, who failed, who stood in, and how it ended', () => {
  const text = told(sampleStory())
  assert.match(text, /outcome +decided: 1 of 1 agree/)
  assert.match(text, /Subnet {2}drawn from 2 candidates for epoch 2, formed in 3\.25 ms/)
  assert.match(text, /0\.20 ms {2}✗ {2}….{8} {2}failed: gone ERR_LINK_CLOSED/)
  assert.match(text, /….{8} {2}asked, in place of one that failed/)
  assert.match(
    text,
    /1\.50 ms {2}✓ {2}….{8} {2}voted: The function ended normally; 1,234 fuel, 64\.0 KiB; 1\.30 ms, of which it ran 0\.20 ms/,
  )
  assert.match(text, /on the wire +0\.98 ms {2}█{24}$/m)
  assert.match(text, /bls verify bafy/)
})

test('printStory() shows where results differ, with a letter per result, and escapes what nodes say', () => {
  const story = sampleStory()
  const [member, spare] = [story.subnet.members[0] ?? '', story.subnet.spares[0] ?? '']
  const voted = story.events.find((event) => event.kind === 'voted')
  assert.ok(voted !== undefined)
  const { receiptCid: _, ...rest } = story
  const text = told({
    ...rest,
    agreement: { kind: 'aggregate', nodes: 2, threshold: 2 },
    outcome: 'diverged',
    detail: 'two results\u001b[2J',
    events: [{ ...voted, node: member, resultHash: 'cd'.repeat(32) }, voted],
    divergence: {
      field: 'stdout',
      offset: 7,
      groups: [
        { nodes: [member], excerpt: 'Ada\n' },
        { nodes: [spare], excerpt: 'Eve\u001b' },
      ],
    },
  })
  assert.match(text, /diverged: two results·\[2J/)
  assert.match(text, / A {2}….{8} {2}voted/)
  assert.match(text, / B {2}….{8} {2}voted/)
  assert.match(text, /Results differ {2}in stdout, from byte 7/)
  assert.match(text, /"Eve\\u001b"/)
  assert.match(text, /Receipt {2}none/)
})
