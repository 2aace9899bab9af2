import type { OptionSpec, OptionValues } from '../../settings/option.js'
import { wholeNumber } from '../../settings/option.js'

/** What a rehearsal must keep to pass. The defaults are what people who use a hub would call good. */
export const THRESHOLD_OPTIONS = [
  {
    flags: '--max-failures <n>',
    description: 'Requests that may fail, but for what an incident itself makes fail',
    default: 0,
    number: wholeNumber('The number of failures', 0, 1_000_000_000),
  },
  {
    flags: '--max-gap <seconds>',
    description: 'How long a user may be without service, even when the proxy is killed; without a kernel 30 more',
    // JupyterHub looks every 5 s whether its proxy runs, and a user tries again within 5 s: 5 s are left to start.
    default: 15,
    number: wholeNumber('The gap of service', 0, 100_000),
  },
  {
    flags: '--max-broken-websockets <n>',
    description: 'Websockets that may break, but for those that an incident itself breaks',
    default: 0,
    number: wholeNumber('The number of websockets', 0, 1_000_000_000),
  },
  {
    flags: '--max-p99 <milliseconds>',
    description: 'The time within which 99 % of the requests are answered',
    default: 1_000,
    number: wholeNumber('The time of requests', 1, 1_000_000_000),
  },
  {
    flags: '--max-message-p99 <milliseconds>',
    description: 'The time within which 99 % of the messages over websockets come back',
    default: 500,
    number: wholeNumber('The time of messages', 1, 1_000_000_000),
  },
  {
    flags: '--max-growth <percent>',
    description: "How much the proxy's memory and sockets may grow once all users are there",
    default: 25,
    number: wholeNumber('The growth', 0, 1_000_000),
  },
] as const satisfies readonly OptionSpec[]

/** Of a rehearsal, by the names and units of the options. */
export type Thresholds = OptionValues<typeof THRESHOLD_OPTIONS>

export const DEFAULT_THRESHOLDS = Object.fromEntries(
  THRESHOLD_OPTIONS.map((option) => [
    option.flags
      .replace(/^--([a-z0-9-]+).*$/, '$1')
      .replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    option.default,
  ]),
) as unknown as Thresholds
