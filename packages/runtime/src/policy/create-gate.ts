import { canonicalHost, formatPermission } from '@blockless/core'
import { createRangeCheck } from './address-range.ts'
import { askAbout, bucketUrl } from './asked-action.ts'
import type { Action, Gate, Verdict } from './gate.ts'
import type { Policy, PolicyLayer } from './policy.ts'
import { matchesRule } from './rule-match.ts'
import { isPublicAddress, plainAddress } from './special-addresses.ts'

const ALLOWED: Verdict = { isAllowed: true }
/** Characters of what a verdict quotes of a guest's words. */
const QUOTED_MAX = 256

/** The gate of a policy. */
export function createGate(policy: Policy): Gate {
  const addressRules = policy.layers.map(addressRuleOf)
  return {
    decide: (action) => decide(policy, action),
    decideAddress(address, port) {
      const plain = plainAddress(address)
      if (plain === undefined || policy.layers.length === 0) return denied('an address that may be reached')
      for (const rule of addressRules) {
        const verdict = rule(plain, port)
        if (!verdict.isAllowed) return verdict
      }
      return ALLOWED
    },
  }
}

function decide({ layers }: Policy, action: Action): Verdict {
  const asked = askAbout(action)
  for (const { owner, allow, deny } of layers) {
    const denial = deny.find((rule) => matchesRule(rule, asked, 'deny'))
    if (denial !== undefined) return denied(`no "${formatPermission(denial)}" in ${listName(owner, 'deny')}`)
    if (!allow.some((rule) => matchesRule(rule, asked, 'allow'))) {
      return denied(`"${wantedRule(action)}" in ${listName(owner, 'allow')}`)
    }
  }
  return layers.length === 0 ? denied('a policy') : ALLOWED
}

function addressRuleOf(layer: PolicyLayer): (address: string, port: number) => Verdict {
  const isPrivateAllowed = layer.allowPrivate === 'any' ? () => true : createRangeCheck(layer.allowPrivate)
  const isDenied = createRangeCheck(layer.denyAddresses)
  return (address, port) => {
    const quoted = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
    if (isDenied(address, port)) return denied(`no "${quoted}" in ${listName(layer.owner, 'denyAddresses')}`)
    const host = canonicalHost(address)
    // a rule that denies an address would else be passed by a name that leads there
    const denial = layer.deny.find(
      (rule) => rule.kind === 'net' && rule.host === host && (rule.port === '*' || rule.port === port),
    )
    if (denial !== undefined) return denied(`no "${formatPermission(denial)}" in ${listName(layer.owner, 'deny')}`)
    if (isPublicAddress(address) || isPrivateAllowed(address, port)) return ALLOWED
    return denied(`"${quoted}" in ${listName(layer.owner, 'allowPrivate')}`)
  }
}

/** The narrowest rule that one would write to allow an action. */
function wantedRule(action: Action): string {
  return textOf(action).slice(0, QUOTED_MAX)
}

function textOf(action: Action): string {
  switch (action.kind) {
    case 'fetch':
      return action.url.origin === 'null' ? action.url.protocol : `${action.url.origin}/`
    case 'connect':
    case 'listen':
      return `${action.kind === 'connect' ? 'tcp' : 'listen'}:${canonicalHost(action.host) ?? action.host}:${action.port}`
    case 'read':
    case 'write':
      return `${action.kind}:${action.path}`
    case 'ipfs':
      return `ipfs:${action.api}`
    case 's3':
      return `s3:${action.access}:${bucketUrl(action)?.href ?? '*'}`
    case 'exec':
      return `exec:${action.extension}`
    case 'driver':
      return `driver:${action.url.protocol.slice(0, -1)}`
    case 'model':
      return `model:${action.model}`
  }
}

function listName(owner: PolicyLayer['owner'], name: 'allow' | 'deny' | 'allowPrivate' | 'denyAddresses'): string {
  return owner === 'operator' ? `the operator's "${name}"` : `the ${owner}'s "permissions"`
}

function denied(missing: string): Verdict {
  return { isAllowed: false, missing }
}
