/** The text of a built-in error page. */
interface Words {
  readonly title: string
  /** Paragraphs, in HTML. */
  readonly text: readonly string[]
}

const WORDS: Readonly<Record<number, Words>> = {
  400: {
    title: 'This request could not be understood',
    text: ['The address or something that your browser sent with it is malformed. Check the address.'],
  },
  403: {
    title: 'This is not allowed here',
    text: ['What your browser asked for is not offered at this address.'],
  },
  404: {
    title: 'There is nothing at this address',
    text: [
      'Your server may not be running, or the address may have a typing error.',
      "Check the address, or go to your hub's start page and start your server there.",
    ],
  },
  408: {
    title: 'Sending this request took too long',
    text: ['Your connection may be slow or may have been interrupted. Try again.'],
  },
  413: {
    title: 'This is too large to send',
    text: ['What your browser tried to send is larger than can be taken. Send less at once.'],
  },
  431: {
    title: 'Your browser sent too much',
    text: ['The address or the cookies are too large. Delete the cookies of this site and try again.'],
  },
  500: {
    title: 'Something went wrong',
    text: ['This is not your fault. Try again in a moment; if it stays, tell the people who run this hub.'],
  },
  503: {
    title: 'Your server cannot be reached right now',
    text: [
      'It may still be starting, it may have stopped, or it may be overloaded.',
      "Reload this page in a moment. If that doesn't help, go to your hub's start page and start your server again.",
    ],
  },
  508: {
    title: 'This address leads back to itself',
    text: ['What answers here has been set up with the wrong address. Tell the people who run this hub.'],
  },
}

/** For a 503 to an upload during which the server closed the connection, as a server that refuses a large file does. */
const UPLOAD_CUT_OFF: Words = {
  title: 'Your server ended the connection',
  text: [
    'It took only a part of what you sent, and gave no answer. What you sent may be larger than it accepts.',
    'It may also have stopped in the middle: reload this page, and try again with something smaller.',
  ],
}

/** The statuses with a text of their own. */
export const BUILTIN_STATUSES: readonly number[] = Object.keys(WORDS).map(Number)

const OTHER: Words = { title: 'This did not work', text: ['Try again in a moment.'] }

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem}',
  'h1{font-size:1.5rem}',
].join('')

/**
 * The page for an error if there is no other: it loads nothing, and repeats nothing of the request.
 *
 * @param status undefined for all statuses without a text of their own
 */
export function builtinPage(status?: number): string {
  return pageWith((status !== undefined && WORDS[status]) || OTHER, status)
}

/** The page for an upload during which the server closed the connection. */
export function uploadCutOffPage(): string {
  return pageWith(UPLOAD_CUT_OFF, 503)
}

function pageWith({ title, text }: Words, status: number | undefined): string {
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title><style>${STYLE}</style></head>`,
    `<body><h1>${title}</h1>`,
    ...text.map((paragraph) => `<p>${paragraph}</p>`),
    ...(status === undefined ? [] : [`<p><small>Error ${status}</small></p>`]),
    '</body></html>',
    '',
  ].join('\n')
}
