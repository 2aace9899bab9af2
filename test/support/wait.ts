import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something holds; fails with its name if it doesn't within the limit. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(10)
  }
}
