import { API_LIST } from './api-list.js'
import { CHANGES, CHANGES_LOADED } from './changes.js'
import { CONTROL_CPU } from './control-cpu.js'
import { FILL } from './fill.js'
import { LATENCY } from './latency.js'
import { DEEP_10K, HTTP2_REQUESTS, SMALL, TLS_CONNECTIONS, TLS_REQUESTS } from './requests.js'
import { START } from './start.js'
import { TABLES } from './table.js'
import { GET_1MB, GET_100MB, POST_10MB, POST_100MB } from './transfers.js'
import { UPLOAD_FAR } from './upload-far.js'
import { USERS_1K, WEBSOCKET_MESSAGES, WEBSOCKETS_IDLE } from './websockets.js'
import type { Work } from './work.js'
import { WORKERS } from './workers.js'

const [TABLE_1, TABLE_100, TABLE_1K, TABLE_10K, TABLE_50K] = TABLES
const [CHANGES_100, CHANGES_10K, CHANGES_50K] = CHANGES
const [WORKERS_1, WORKERS_2] = WORKERS

/** In the order in which they are done: those in one scene follow each other. */
export const ALL_WORKS: readonly Work[] = [
  ...[DEEP_10K, LATENCY, TABLE_10K, CHANGES_10K, CHANGES_LOADED, API_LIST],
  ...[SMALL, TABLE_100, CHANGES_100, CONTROL_CPU, WEBSOCKET_MESSAGES, GET_1MB, POST_10MB, GET_100MB, POST_100MB],
  ...[WORKERS_1, WORKERS_2],
  ...[TLS_REQUESTS, TLS_CONNECTIONS, HTTP2_REQUESTS, UPLOAD_FAR],
  ...[FILL, START, WEBSOCKETS_IDLE, USERS_1K],
  ...[TABLE_1, TABLE_1K, TABLE_50K, CHANGES_50K],
].filter((work) => work !== undefined)
