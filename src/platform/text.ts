/** Characters that a terminal or the reader of a log may take for something else than text, line ends among them. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** Whether there is a control character in it (Unicode's Cc). */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

/**
 * A text as it can stand in one line of a log, whoever wrote it: what could be taken for a line end or an order to a
 * terminal is shown as `\u{1b}`, and of what is longer than `most` characters only the beginning, with its length.
 */
export function printable(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text
  return cut.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** Whether a path has a segment `.` or `..`, of which who resolves it and who does not would make two paths. */
export function hasDotSegment(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')
}

/** Without the slashes at its end. A regular expression would look at each run of slashes from every one of them. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

/** Without the slashes at both ends. */
export function withoutOuterSlashes(text: string): string {
  return withoutTrailingSlashes(text.replace(/^\/+/, ''))
}
