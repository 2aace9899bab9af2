// Checks the direction of imports in src/ against the order in ARCHITECTURE.md: a folder imports only what is below it.
// The rooms of a folder obey an order of their own, which may not have a circle.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from './setup.mjs'

/** The folders of src/, from the top down, as the block marked `layers` in ARCHITECTURE.md lists them. */
export function layers() {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const [, block = ''] = /<!-- layers -->\s*```text\n([\s\S]*?)```/.exec(text) ?? []
  return [...block.matchAll(/^([a-z-]+)\//gm)].map(([, name]) => name)
}

/** Every import between files of src/, as paths within it. */
export function importsOf(source = join(root, 'src')) {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.sort().flatMap((from) => {
    const text = readFileSync(join(source, from), 'utf8')
    const specifiers = [...text.matchAll(/(?:from|import|import\()\s*'(\.{1,2}\/[^']+)'/g)].map(([, path]) => path)
    return specifiers.map((path) => ({ from, to: relative('.', join(dirname(from), path)).replace(/\.js$/, '.ts') }))
  })
}

/** What is wrong with imports, a sentence each. */
export function violations(imports, order) {
  const found = []
  for (const { from, to } of imports) {
    const [above, below] = [from, to].map((path) => order.indexOf(folderOf(path)))
    if (above === -1) found.push(`src/${from} is in no folder that ARCHITECTURE.md lists.`)
    else if (below < above) found.push(`src/${from} imports src/${to}, which is above it.`)
  }
  return [...found, ...circles(imports)]
}

/** A circle is of folders that import from each other, by whatever way; files beside each other may. */
function circles(imports) {
  const next = new Map()
  for (const { from, to } of imports) {
    const [source, target] = [dirname(from), dirname(to)]
    if (source !== target) next.set(source, (next.get(source) ?? new Set()).add(target))
  }
  const reachable = (start) => {
    const seen = new Set()
    const queue = [start]
    for (const folder of queue) {
      for (const target of next.get(folder) ?? []) {
        if (!seen.has(target)) queue.push(target)
        seen.add(target)
      }
    }
    return seen
  }
  return [...next.keys()]
    .filter((folder) => reachable(folder).has(folder))
    .map((folder) => {
      const partners = [...(next.get(folder) ?? [])].filter((other) => reachable(other).has(folder))
      return `src/${folder}/ imports from itself, by way of ${partners.join(', ')}.`
    })
}

function folderOf(path) {
  return path.split('/')[0]
}
