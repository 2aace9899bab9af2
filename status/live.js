// Keeps the overview fresh. Without it the page is complete, and is loaded again by hand.
const EVERY_MS = 10_000
const PARTS = ['verdict', 'findings', 'figures', 'made']

const isOverview = document.getElementById('figures') !== null
let last = Date.now()

async function refresh() {
  if (document.hidden) return
  try {
    const answer = await fetch(location.href, { cache: 'no-store', credentials: 'same-origin' })
    // The session has ended: the page asks for the token.
    if (answer.status === 403) return location.reload()
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    take(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    last = Date.now()
    tell('')
  } catch {
    const seconds = Math.round((Date.now() - last) / 1000)
    tell(`The control plane has not answered for ${seconds} seconds. What you see here is older than that.`)
  }
}

function take(fresh) {
  for (const id of PARTS) {
    const [here, there] = [document.getElementById(id), fresh.getElementById(id)]
    if (!here || !there || here.innerHTML === there.innerHTML || isInUse(here)) continue
    here.className = there.className
    here.innerHTML = there.innerHTML
  }
  document.title = fresh.title
  const icon = fresh.querySelector('link[rel=icon]')
  if (icon) document.querySelector('link[rel=icon]')?.setAttribute('href', icon.getAttribute('href'))
}

/** Whether somebody has the focus there, or has selected text to copy it. */
function isInUse(part) {
  const selection = getSelection()
  return (
    part.contains(document.activeElement) || (!selection?.isCollapsed && part.contains(selection?.anchorNode ?? null))
  )
}

function tell(text) {
  const stale = document.getElementById('stale')
  if (!stale) return
  stale.textContent = text
  stale.hidden = text === ''
}

if (isOverview) {
  setInterval(refresh, EVERY_MS)
  document.addEventListener('visibilitychange', refresh)
}
