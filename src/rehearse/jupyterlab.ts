/*
 * How JupyterLab 4 keeps its kernels, by packages/services/src/kernel/default.ts in its sources. When a websocket breaks it
 * connects again at once. If that fails it asks for the kernel; while nobody, or the hub, answers that, it asks again later. With an
 * answer it connects again, each time after a longer pause, until it gives up.
 */

/** It connects so many times, and then says that it is disconnected. */
export const CONNECTS = 7

/** Between two questions for a kernel that has no answer, by chance between these. No proxy can shorten it. */
export const KERNEL_PAUSE_S = { least: 10, most: 30 } as const

/** The hub answers 424 for a server that doesn't run, and answered 503 before; a kernel of whom anything else is said is dead. */
export const AWAY_STATUSES: readonly number[] = [503, 424]

/**
 * How long it waits at most before it connects.
 *
 * @param attempt 0 is the first since the websocket broke
 */
export function longestPauseMs(attempt: number): number {
  return 1_000 * (2 ** attempt - 1)
}
