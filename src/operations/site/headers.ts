import type { Assets } from '../page/assets.js'

/**
 * The headers of every answer of the status page: only its own style and script are applied, nothing is loaded from
 * elsewhere, no other page frames it or reads it, and nothing of it stays in a cache.
 */
export function secureHeaders({ hashes }: Assets): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `style-src ${hashes.style}`,
    `script-src ${hashes.script}`,
    // The icon in the tab.
    'img-src data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    // Not `no-referrer`: with that, browsers hide from us where a form comes from.
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
}
