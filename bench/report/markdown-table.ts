/** A table with a head. Numbers are set right, below each other, words left. */
export function markdownTable(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  cells: 'numbers' | 'words' = 'numbers',
): string {
  const line = (texts: readonly string[]) => `| ${texts.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 || cells === 'words' ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
