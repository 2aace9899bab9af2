/**
 * Does it for all, so many at a time. After an error the others end what they have begun, so that nothing is made that isn't
 * known.
 *
 * @throws the first error, when all that had begun is over
 */
export async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
