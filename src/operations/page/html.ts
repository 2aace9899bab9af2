import { printable } from '../../platform/text.js'

/** What a template of {@link html} may be filled with. Text is escaped; undefined and false leave nothing. */
export type Content = Markup | string | number | undefined | false | readonly Content[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Markup that is safe to send: only {@link html} and {@link verbatim} make it. */
export class Markup {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/**
 * A template for HTML. Everything that is filled in is escaped unless it is markup itself, so no text of users can
 * become markup. Control characters and those that reverse the direction of text become visible escapes.
 *
 * @throws Error if the value of an attribute isn't in quotes, where escaping would not be enough
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = strings[0] ?? ''
  for (const [index, value] of values.entries()) {
    if (text.endsWith('=')) throw new Error(`an attribute needs quotes: ...${strings[index]?.slice(-40)}`)
    text += textOf(value) + (strings[index + 1] ?? '')
  }
  return new Markup(text)
}

/** Markup from a file of this program. Never call it with text from anywhere else. */
export function verbatim(asset: string): Markup {
  return new Markup(asset)
}

function textOf(value: Content): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.toString()
  if (typeof value === 'object') return value.map(textOf).join('')
  return escaped(String(value))
}

function escaped(text: string): string {
  return printable(text, Number.POSITIVE_INFINITY).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
