import { setTimeout as delay } from 'node:timers/promises'

/** The least and the most between two looks, in milliseconds. */
const PAUSE = { least: 10, most: 250 } as const

/**
 * Waits until something holds; fails with its name if it doesn't within the limit. It looks less and less often, so that
 * a wait of seconds takes no processor from what is waited for, and ends at most a tenth later than it could.
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const begun = performance.now()
  while (!(await holds())) {
    const waited = performance.now() - begun
    if (waited > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(Math.min(Math.max(waited / 10, PAUSE.least), PAUSE.most))
  }
}
