/** Characters that a terminal or a log reader may not take as text, such as line ends. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** Whether there is a control character in it (Unicode's Cc). */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

/**
 * Makes a text from anywhere safe to show in one line of a log: line ends and control characters become escapes such as
 * `\u{1b}`. Of a text longer than `most` characters only the beginning is shown, with the length.
 */
export function printable(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text
  return cut.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/**
 * Whether a path has a segment `.` or `..`. Software that resolves these sees another path than software that doesn't.
 */
export function hasDotSegment(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')
}

/** Without the slashes at its end. A loop, as a regular expression would take quadratic time for many slashes. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

/** Without the slashes at both ends. */
export function withoutOuterSlashes(text: string): string {
  return withoutTrailingSlashes(text.replace(/^\/+/, ''))
}
