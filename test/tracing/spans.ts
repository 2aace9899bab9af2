import protobuf from 'protobufjs'

/** The part of OTLP that is looked at. */
const ExportRequest = protobuf
  .parse(`syntax = "proto3";
    message AnyValue { oneof value { string string_value = 1; } }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message Span { bytes trace_id = 1; string name = 5; repeated KeyValue attributes = 9; }
    message ScopeSpans { repeated Span spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message ExportRequest { repeated ResourceSpans resource_spans = 1; }`)
  .root.lookupType('ExportRequest')

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}
interface Exported {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<{ readonly attributes: readonly Attribute[] }> }>
  }>
}

/** The spans of an export, each by its attributes and those of its resource. */
export function spansOf(body: Buffer): Array<Record<string, string>> {
  const { resourceSpans } = ExportRequest.toObject(ExportRequest.decode(body)) as Exported
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) =>
        Object.fromEntries(
          [...resource.attributes, ...span.attributes].map(({ key, value }) => [key, value.stringValue]),
        ),
      ),
  )
}
