import type { NamedDifference } from '../differences.js'

const OUR_PAGE = /^<!DOCTYPE html>/
const OUR_TYPE = /^text\/html; charset=utf-8$/

/** What users see when there is no answer of a backend. */
export const ERROR_PAGES: readonly NamedDifference[] = [
  {
    where: 'pages if none are configured',
    chp: 'its own, `text/html`',
    here: 'ours, `text/html; charset=utf-8`',
    reason: 'they say in plain words what to do',
    seen: [
      { field: 'answer.body', chp: /^<!doctype html>/, here: OUR_PAGE },
      { field: 'answer.header.content-type', chp: /^text\/html$/, here: OUR_TYPE },
    ],
  },
  {
    where: 'the error target is down, answers nothing, or takes more than 5 s',
    chp: 'the reason phrase, or an empty body; waits without end',
    here: 'the built-in page',
    reason: 'it helps a user',
    seen: [
      { field: 'answer.body', of: /--error-(target|path)/, chp: /^(Not Found|Service Unavailable|)$/, here: OUR_PAGE },
      { field: 'answer.header.content-type', of: /--error-(target|path)/, chp: /^-$/, here: OUR_TYPE },
      {
        field: /^(answer\.status|connection)$/,
        of: /a page whose server is gone in the middle/,
        chp: /^(nothing|-)$/,
      },
    ],
  },
  {
    where: 'an upload in the middle of which the server ends the connection',
    chp: "the error target's page, which says that the server is not running",
    here: 'a built-in page, which says that the upload may be too large',
    reason: 'the server runs: it refuses the upload',
    seen: { byHand: 'whether the answer or the end comes first is chance' },
  },
  {
    where: 'many failures at once',
    chp: 'each asks the error target',
    here: '16 at once and 16 waiting, the others get the built-in page',
    reason: 'failures must not bring the hub down',
    seen: { byHand: 'a flood is a test of its own, test/errors/overload.test.ts' },
  },
  {
    where: '`--error-path`',
    chp: 'read for each failure',
    here: 'read when the proxy starts; a directory that can not be read is one line, exit status 1',
    reason: "pages don't depend on the disk",
    seen: [{ field: 'exit', of: /a directory of error pages that is not there/, here: /^status 1$/ }],
  },
  {
    where: 'the error target and a request of absolute form (`GET http://host/x`)',
    chp: '`url` is the whole URL',
    here: '`url` is the path and query',
    reason: "the form of a request doesn't matter",
    seen: [{ field: 'seen.line', of: /the absolute form/ }],
  },
  {
    where: "requests that can't be used (400, 408, 413, 431)",
    chp: 'an empty body',
    here: 'the built-in page or that of `--error-path`',
    reason: 'the user sees what happened',
    seen: [
      { field: 'answer.body', chp: /^$/, here: OUR_PAGE },
      { field: 'answer.header.content-type', chp: /^-$/, here: OUR_TYPE },
      { field: 'answer.framing', chp: /^none$/, here: /^content-length: \d+$/ },
    ],
  },
  {
    where: 'an error before the body of the request has arrived',
    chp: 'the connection is kept, and the body read',
    here: 'the connection ends',
    reason: 'the body is no longer needed',
    seen: [
      {
        field: 'connection',
        of: /by POST|a body to no route|a body to a target that is dead|while the body comes|100-continue: to no route/,
        here: /^closed$/,
      },
    ],
  },
  {
    where: 'a websocket that no route matches',
    chp: 'the connection stays open without further answers',
    here: 'it ends',
    reason: 'the connection is useless',
    seen: [{ field: 'connection', of: /a websocket without a route/, chp: /^nothing$/, here: /^closed$/ }],
  },
  {
    where: 'a gRPC request that fails',
    chp: '404 or 503',
    here: '200 with `grpc-status`, as gRPC clients expect',
    reason: "Envoy's own form, which can't be disabled",
    seen: [{ field: 'answer.status', of: /gRPC/, here: /^200 / }],
  },
]
