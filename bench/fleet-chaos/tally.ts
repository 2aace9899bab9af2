/** What a run has counted. */
export class Tally {
  readonly begun = performance.now()
  answered = 0
  unanswered = 0
  checks = 0
  requests = 0
  /** Checks that were not answered at all; users' requests tell whether that is a fault. */
  silent = 0
  /** Checks in which a write was seen that had no answer, and was carried out after the one that was checked. */
  late = 0
  readonly wrong: string[] = []
  readonly failed: string[] = []
  readonly lost: string[] = []
  readonly #milliseconds: number[] = []
  slowest = { ms: 0, during: '' }

  took(ms: number, during: string): void {
    this.#milliseconds.push(ms)
    if (ms > this.slowest.ms) this.slowest = { ms, during }
  }

  #quantile(share: number): number {
    const sorted = [...this.#milliseconds].sort((one, other) => one - other)
    return Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  }

  get isGood(): boolean {
    return this.wrong.length + this.failed.length + this.lost.length === 0 && this.checks > 0
  }

  report(): string {
    const seconds = (performance.now() - this.begun) / 1000
    const count = (what: string, all: readonly string[], of: number) =>
      `${all.length === 0 ? 'ok  ' : 'BAD '} ${what}: ${all.length} of ${of}${all
        .slice(0, 10)
        .map((one) => `\n       ${one}`)
        .join('')}`
    return [
      `${this.isGood ? 'GOOD' : 'BAD'}, after ${Math.round(seconds)} s`,
      count('wrong answers right after a 201 or 204', this.wrong, this.checks),
      count('answered writes lost', this.lost, this.answered),
      count('failed requests of users', this.failed, this.requests),
      `     ${this.silent} checks had no answer; in ${this.late} a write was seen that had none, and was carried out later`,
      `     ${this.answered} writes answered (${Math.round(this.answered / seconds)} a second), ${this.unanswered} refused or unanswered`,
      `     a write took ${this.#quantile(0.5)} ms at the median, ${this.#quantile(0.99)} ms for 1 in 100, ${Math.round(this.slowest.ms)} ms at most (${this.slowest.during})`,
    ].join('\n')
  }
}
