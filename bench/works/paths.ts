/** How many routes of a table, evenly spread, get the requests: the same for all sizes, as are then the connections. */
const ROUTES_IN_USE = 100

/** What a notebook's path looks like: nine segments with its route. */
export const DEEP = '/lab/tree/course/week/files/more/notebook.ipynb'

export function userPath(user: number): string {
  return `/user/u${user}`
}

/** Paths below routes that are spread over the table. */
export function spreadPaths(users: number, below: string): string[] {
  const used = Math.min(users, ROUTES_IN_USE)
  return Array.from({ length: used }, (_, index) => userPath(Math.floor((index * users) / used)) + below)
}

/** The route of large answers, uploads and websockets. */
export const LARGE = '/user/large'
