import t from 'tap'
import { Model } from './model.js'

function may(model: Model, path: string): unknown[] {
  const watch = model.watch(path)
  watch.end()
  return [...watch.targets()]
}

t.test('a request goes to the longest route on whole segments', async (t) => {
  const model = new Model()
  t.strictSame(may(model, '/user/a'), [undefined])
  model.change('/', 'root').done()
  model.change('/user/a', 'a').done()
  t.strictSame(may(model, '/user/a/lab?x=/user/b'), ['a'])
  t.strictSame(may(model, '/user/ab'), ['root'])
  model.change('/user/a', undefined).done()
  t.strictSame(may(model, '/user/a'), ['root'])
})

t.test('while a change is under way, or nobody knows how it ended, either is possible', async (t) => {
  const model = new Model()
  model.change('/user/a', 'a').done()
  const change = model.change('/user/a', 'b')
  t.strictSame(may(model, '/user/a'), ['a', 'b'])
  t.strictSame(model.state().unknown, ['/user/a'])
  change.undone()
  t.strictSame(may(model, '/user/a'), ['a'])
  model.change('/user/a', undefined)
  t.strictSame(may(model, '/user/a'), ['a', undefined])
  model.change('/user/a', 'c').done()
  t.strictSame(may(model, '/user/a'), ['c'])
  t.strictSame(model.state(), { known: new Map([['/user/a', 'c']]), unknown: [] })
})

t.test('a request may meet whatever there was between its start and its end, and nothing else', async (t) => {
  const model = new Model()
  model.change('/user/a', 'a').done()
  const watch = model.watch('/user/a/lab')
  model.change('/user/a', 'b').done()
  t.strictSame([...watch.targets()], ['a', 'b'])
  watch.end()
  model.change('/user/a', 'c').done()
  t.strictSame([...watch.targets()], ['a', 'b'])
})
