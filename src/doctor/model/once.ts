/** Gathers something once for each subject, however many checks look at it. A failure is kept, too. */
export function oncePer<Subject extends object, T>(
  gather: (subject: Subject) => Promise<T>,
): (subject: Subject) => Promise<T> {
  const known = new WeakMap<Subject, Promise<T>>()
  return (subject) => {
    const found = known.get(subject) ?? gather(subject)
    known.set(subject, found)
    return found
  }
}
