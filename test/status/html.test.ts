import t from 'tap'
import { html } from '../../src/operations/page/html.js'

t.test('text is escaped, in elements and in attributes', async (t) => {
  const hostile = `"><script>alert('1')</script>&`
  const escaped = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;'
  t.equal(String(html`<p title="${hostile}">${hostile}</p>`), `<p title="${escaped}">${escaped}</p>`)
})

t.test('markup and lists of it are not escaped again; nothing is left of undefined and false', async (t) => {
  const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`)
  t.equal(String(html`<ul>${items}</ul>${undefined}${false}${0}`), '<ul><li>a</li><li>&lt;b&gt;</li></ul>0')
})

t.test('an attribute without quotes is refused: a blank would end its value', async (t) => {
  t.throws(() => html`<p title=${'x onclick=alert(1)'}>`, /needs quotes/)
})

t.test('characters that a reader would not see, or that reverse the text, are shown as escapes', async (t) => {
  t.equal(String(html`${'/user/\u202egnp.exe\u0000\n'}`), '/user/\\u{202e}gnp.exe\\u{0}\\u{a}')
})
