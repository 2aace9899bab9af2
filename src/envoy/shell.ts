/**
 * Makes a shell, and what it starts, take no notice of signals that would end it by default and mean something else to
 * other services: "read your configuration again", mostly. What is sent to a whole service reaches every process of it.
 */
export const IGNORE_SIGNALS = 'trap "" HUP USR1 USR2 ALRM'
