import t from 'tap'
import { beside, chunksIn, filesIn, firstScript } from '../../src/rehearse/users/lab-files.js'

const PAGE = `<!doctype html><html><head><link rel="icon" type="image/x-icon" href="/user/ana/static/favicons/favicon.ico">
<script defer="defer" src="/user/ana/static/lab/main.ac0d73c45e4a0138df15.js?v=ac0d73c45e4a0138df15"></script>
<a href="https://jupyter.org/x.js">elsewhere</a></head></html>`

const SCRIPT = `r.u=e=>(4470===e?"jlab_core":e)+"."+{28:"b5145a84e3a511427e72",4470:"0f8a4a4b7d3e5f6a"}[e]+".js?v="+
{28:"b5145a84e3a511427e72",4470:"0f8a4a4b7d3e5f6a"}[e]`

t.test("JupyterLab's files are those that its page names, and those that its first script loads", async (t) => {
  const files = filesIn(PAGE)
  t.strictSame(files, [
    '/user/ana/static/favicons/favicon.ico',
    '/user/ana/static/lab/main.ac0d73c45e4a0138df15.js?v=ac0d73c45e4a0138df15',
  ])
  const first = firstScript(files) ?? ''
  t.equal(first, files[1])
  t.strictSame(
    chunksIn(SCRIPT).map((name) => beside(first, name)),
    [
      '/user/ana/static/lab/28.b5145a84e3a511427e72.js?v=b5145a84e3a511427e72',
      '/user/ana/static/lab/jlab_core.0f8a4a4b7d3e5f6a.js?v=0f8a4a4b7d3e5f6a',
    ],
  )
})

t.test('a server without JupyterLab has none', async (t) => {
  t.strictSame(filesIn('{"message": "Not Found"}'), [])
  t.equal(firstScript(['/user/ana/static/style/style.css']), undefined)
  t.strictSame(chunksIn('alert(1)'), [])
})
