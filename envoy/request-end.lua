-- Marks a request as complete when its last byte has come; one without a body is complete at once, before it is routed.
--
-- The control plane puts two constants before this text: KEY and VALUE, the filter state that is the mark.

function envoy_on_request(handle)
  for _ in handle:bodyChunks() do end
  handle:streamInfo():filterState():set(KEY, "envoy.string", VALUE)
  handle:clearRouteCache()
  -- Looks at the route, and so has Envoy choose it again: by now one that waits for its answer as long as it takes.
  handle:metadata()
end
