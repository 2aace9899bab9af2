import fc from 'fast-check'

/** One small damage to a sequence of bytes, at a place given as a fraction of its length. */
interface Damage {
  readonly at: number
  readonly kind: 'replace' | 'insert' | 'remove' | 'repeat'
  readonly bytes: Uint8Array
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('replace', 'insert', 'remove', 'repeat'),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    // What parsers stumble over.
    fc
      .constantFrom('\r\n', '\n', '\0', ' ', '\t', '%', ':', 'é', '-1', '99999999999999999999')
      .map((text) => Buffer.from(text)),
  ),
})

/** Valid input with one to six damages. */
export function mutated(valid: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(valid, fc.array(damage, { minLength: 1, maxLength: 6 }))
    .map(([bytes, damages]) => damages.reduce(apply, bytes))
}

function apply(input: Buffer, { at, kind, bytes }: Damage): Buffer {
  const place = Math.floor(at * input.length)
  const [before, after] = [input.subarray(0, place), input.subarray(place)]
  if (kind === 'insert') return Buffer.concat([before, bytes, after])
  if (kind === 'remove') return Buffer.concat([before, after.subarray(bytes.length)])
  if (kind === 'repeat') return Buffer.concat([before, after, after])
  return Buffer.concat([before, bytes, after.subarray(bytes.length)])
}
